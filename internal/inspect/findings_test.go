package inspect_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/inspect"
)

// archive is a zip of these entries; encrypt sets the flag of the last one.
func archive(t testing.TB, encrypt bool, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i, name := range names {
		h := &zip.FileHeader{Name: name, Method: zip.Store}
		if encrypt && i == len(names)-1 {
			h.Flags |= 1
		}
		body := bytes.Repeat([]byte{byte(i), 'P', 'K', 1}, 3000)
		h.CompressedSize64, h.UncompressedSize64 = uint64(len(body)), uint64(len(body))
		e, err := w.CreateRaw(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Write(body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func codes(found []airlock.Finding) string {
	var all []string
	for _, f := range found {
		all = append(all, string(f.Severity)+" "+f.Code)
	}
	return strings.Join(all, ", ")
}

// programs are the beginnings of one for Windows and one for Linux.
func programs() (windows, linux []byte) {
	windows = append([]byte("MZ\x90\x00\x03\x00"), make([]byte, 300)...)
	linux = append([]byte("\x7fELF\x02\x01\x01\x00"), make([]byte, 300)...)
	linux[16] = 2 // an executable, which the detector names by a type of its own
	return windows, linux
}

func TestFindings(t *testing.T) {
	t.Parallel()
	table := []byte("id,age,dose\n1,34,0.5\n2,61,0.75\n")
	program, elf := programs()
	tests := []struct {
		name    string
		content []byte
		policy  airlock.Policy
		media   string
		want    string
	}{
		{name: "empty.csv", media: "text/plain", want: ""},
		{name: "table.csv", content: table, media: "text/csv", want: ""},
		{name: "notes.txt", content: table, media: "text/csv", want: ""},
		{name: "no-extension", content: program[:2], media: "text/plain; charset=utf-8", want: ""},
		{name: "page.csv", content: []byte("<!DOCTYPE html><html><body>x</body></html>"), media: "text/html; charset=utf-8", want: "note type_mismatch"},
		{name: "table.csv", content: archive(t, false, "a.txt"), media: "application/zip", want: "note type_mismatch"},
		{name: "report.docx", content: archive(t, false, "a.txt"), media: "application/zip", want: ""},
		{name: "picture.png", content: table, media: "text/csv", want: "note type_mismatch"},
		{name: "picture.pdf", content: make([]byte, 9000), media: "application/octet-stream", want: "note type_mismatch"},
		{name: "setup.exe", content: program, media: "application/vnd.microsoft.portable-executable", want: "refuse type_refused"},
		{name: "table.csv", content: program, media: "application/vnd.microsoft.portable-executable", want: "refuse type_refused, note type_mismatch"},
		{name: "spectra.csv", content: []byte("MZ,intensity\n100.1,5\n100.2,9\n"), media: "text/csv", want: ""},
		{name: "tool", content: elf, media: "application/x-executable", want: "refuse type_refused"},
		{name: "scan.pdf", content: []byte("%PDF-1.7\n"), policy: airlock.Policy{RefuseTypes: []string{"application/pdf"}}, media: "application/pdf", want: "refuse type_refused"},
		{name: "all.zip", content: archive(t, false, "a.csv", "b/c.Tar.GZ"), media: "application/zip", want: "note zip_nested"},
		{name: "all.zip", content: archive(t, true, "a.csv", "b.csv"), media: "application/zip", want: "refuse zip_encrypted"},
		{name: "big.csv", content: table, policy: airlock.Policy{MaxFileBytes: 4}, media: "text/csv", want: "refuse size_large"},
		{name: "bad\\name.csv", content: table, media: "text/csv", want: "refuse name_backslash"},
	}
	for _, tt := range tests {
		t.Run(tt.name+" "+tt.want, func(t *testing.T) {
			t.Parallel()
			s := inspect.Subject{Blob: subject(tt.name, tt.content).Blob, Policy: tt.policy}
			got, _ := read(t, inspect.Inspector{Now: now}, s, tt.content)
			sum := sha256.Sum256(tt.content)
			if got.SHA256 != hex.EncodeToString(sum[:]) || got.Size != int64(len(tt.content)) || !got.At.Equal(at) {
				t.Errorf("%+v", got)
			}
			if c := codes(got.Findings); c != tt.want || !strings.HasPrefix(got.Type, tt.media) {
				t.Errorf("findings %q, want %q; type %q, want %q", c, tt.want, got.Type, tt.media)
			}
			for _, f := range got.Findings {
				if f.Text == "" || len(f.Text) > 300 {
					t.Errorf("text of %s has %d bytes", f.Code, len(f.Text))
				}
			}
		})
	}
}
