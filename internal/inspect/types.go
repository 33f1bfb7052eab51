package inspect

import (
	"fmt"
	"path"
	"strings"

	"github.com/gabriel-vasile/mimetype"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

const (
	maxFindings = 20  // of one file
	maxText     = 300 // bytes of a finding's text

	anyType     = "application/octet-stream"
	zipType     = "application/zip"
	programType = "application/vnd.microsoft.portable-executable"
)

// expected maps the extensions that research uses to the media type of their
// content. Names without one of them promise nothing.
var expected = map[string]string{
	".csv": "text/csv", ".tsv": "text/tab-separated-values", ".txt": "text/plain", ".log": "text/plain",
	".md": "text/plain", ".json": "application/json", ".xml": "text/xml", ".html": "text/html", ".htm": "text/html",
	".yml": "text/plain", ".yaml": "text/plain", ".sql": "text/plain", ".py": "text/plain", ".r": "text/plain",
	".rmd": "text/plain", ".do": "text/plain", ".sas": "text/plain", ".sps": "text/plain", ".ipynb": "application/json",
	".rtf": "text/rtf", ".svg": "image/svg+xml", ".pdf": "application/pdf",
	".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".bmp": "image/bmp",
	".tif": "image/tiff", ".tiff": "image/tiff", ".dcm": "application/dicom",
	".zip": zipType, ".gz": "application/gzip", ".tgz": "application/gzip", ".tar": "application/x-tar",
	".7z": "application/x-7z-compressed", ".rar": "application/x-rar-compressed",
	".docx":    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".xlsx":    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	".pptx":    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
	".doc":     "application/msword",
	".xls":     "application/vnd.ms-excel",
	".ppt":     "application/vnd.ms-powerpoint",
	".parquet": "application/vnd.apache.parquet",
}

// detect names the media type of a file that begins with head.
func detect(head []byte) string {
	head = head[:min(len(head), headBytes)]
	found := mimetype.Detect(head)
	if found.Is(programType) && isText(head) {
		// The detector calls everything a program that begins with "MZ": also
		// the table of a mass spectrometer. A program's header has zero bytes.
		found = mimetype.Detect(head[1:])
	}
	return found.String()
}

// Declare names the media type under which a file should be uploaded: what
// inspection will find in its beginning, or what its name promises where the
// content could be anything, or any kind of text.
func Declare(name string, head []byte) string {
	found := mimetype.Lookup(bare(detect(head)))
	promise, known := expected[strings.ToLower(path.Ext(name))]
	if !known || found == nil {
		return bare(detect(head))
	}
	if descends(mimetype.Lookup(promise), bare(found.String())) {
		return promise
	}
	return bare(found.String())
}

func isText(head []byte) bool {
	for _, b := range head {
		if b < ' ' && b != '\t' && b != '\n' && b != '\r' && b != '\f' {
			return false
		}
	}
	return true
}

func isZip(media string) bool { return descends(mimetype.Lookup(media), zipType) }

// descends tells whether a type is, or is a kind of, the one named.
func descends(t *mimetype.MIME, name string) bool {
	for ; t != nil; t = t.Parent() {
		if t.Is(name) {
			return true
		}
	}
	return false
}

// findings says what is noteworthy about a file that was read to its end.
func findings(s Subject, n *run) []airlock.Finding {
	p := s.Policy.WithDefaults()
	found := airlock.CheckBlob(s.Blob)
	add := func(code string, severity airlock.Severity, text string) {
		found = append(found, airlock.Finding{Code: code, Severity: severity, Text: text})
	}
	if n.offset > p.MaxFileBytes {
		add("size_large", airlock.Refuse, fmt.Sprintf("the file has %d bytes, at most %d are allowed; split it", n.offset, p.MaxFileBytes))
	}
	if refusedType(n.media, p.RefuseTypes) {
		add("type_refused", airlock.Refuse, fmt.Sprintf("files of type %s are not allowed here; remove the file", bare(n.media)))
	}
	if ext, disagrees := mismatch(s.Blob.Name, n); disagrees {
		add("type_mismatch", airlock.Note, fmt.Sprintf("the name ends in %s but the content is %s; check that this is the file you meant, or rename it", ext, bare(n.media)))
	}
	if n.zip.saw&sawEncrypted != 0 {
		add("zip_encrypted", airlock.Refuse, "the archive is encrypted, so neither scanner nor reviewer can look inside; upload it without a password")
	}
	if n.zip.saw&sawNested != 0 {
		add("zip_nested", airlock.Note, "the archive holds other archives; unpack them if the reviewer should see what is inside")
	}
	for i := range found {
		found[i].Text = strings.ToValidUTF8(found[i].Text[:min(len(found[i].Text), maxText)], "")
	}
	return found[:min(len(found), maxFindings)]
}

// refusedType tells whether a media type is, or is a kind of, a refused one.
func refusedType(media string, refused []string) bool {
	t := mimetype.Lookup(media)
	for _, name := range refused {
		if t == nil && bare(media) == name || t != nil && descends(t, name) {
			return true
		}
	}
	return false
}

// mismatch tells whether the name promises other content than was found. A
// more general or a more special type than promised is no contradiction.
func mismatch(name string, n *run) (ext string, disagrees bool) {
	ext = strings.ToLower(path.Ext(name))
	promise, ok := expected[ext]
	if !ok || n.offset == 0 {
		return "", false
	}
	found := mimetype.Lookup(n.media)
	if bare(n.media) == anyType || found == nil {
		return ext, true
	}
	promised := mimetype.Lookup(promise)
	return ext, !descends(found, promise) && !descends(promised, bare(n.media)) && !bothText(found, promised)
}

// bothText is true of two kinds of plain text: which one it is is the
// detector's guess from a few words. A web page it does not guess.
func bothText(found, promised *mimetype.MIME) bool {
	return descends(found, "text/plain") && descends(promised, "text/plain") && !descends(found, "text/html")
}

func bare(media string) string {
	name, _, _ := strings.Cut(media, ";")
	return name
}
