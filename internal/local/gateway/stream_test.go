package gateway_test

import (
	"crypto/sha256"
	"errors"
	"io"
	"runtime"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/local/gateway"
)

// pattern is a file of any size that takes no memory.
type pattern struct{ at, size int64 }

func (p *pattern) Read(b []byte) (int, error) {
	n := int(min(int64(len(b)), p.size-p.at))
	if n == 0 {
		return 0, io.EOF
	}
	for i := range n {
		b[i] = byte((p.at + int64(i)) * 31)
	}
	p.at += int64(n)
	return n, nil
}

func (p *pattern) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
		p.at = offset
	case io.SeekEnd:
		p.at = p.size + offset
	default:
		p.at += offset
	}
	return p.at, nil
}

func (*pattern) Close() error { return nil }

// TestLargeFilesStream uploads, copies and reads 100 MB, all within this process, in a few MB of memory. It is not
// parallel: it counts what the process allocates.
func TestLargeFilesStream(t *testing.T) {
	const size, allowed = 100 << 20, 20 << 20
	r := newRig(t, gateway.Config{})
	c := r.container(t, account)
	source, target := c.NewBlockBlobClient("large"), c.NewBlockBlobClient("copy")
	link := readLink(t, source)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := source.Upload(t.Context(), &pattern{size: size}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := target.UploadBlobFromURL(t.Context(), link, nil); err != nil {
		t.Fatal(err)
	}
	res, err := target.DownloadStream(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	got := sha256.New()
	_, err = io.Copy(got, res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	want := sha256.New()
	if _, err := io.Copy(want, &pattern{size: size}); err != nil {
		t.Fatal(err)
	}
	if string(got.Sum(nil)) != string(want.Sum(nil)) {
		t.Error("the copy differs from what was sent")
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > allowed {
		t.Errorf("%d MB allocated on the way, want at most %d", used>>20, allowed>>20)
	}
}
