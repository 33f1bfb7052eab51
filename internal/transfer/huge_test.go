package transfer_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/transfer"
)

// TestTwoGigabytesInterruptedThreeTimes sends 2 GiB to a server that holds the
// hashes of blocks alone, ends it three times in the middle, and sees that it
// is finished, whole, and with hardly a block sent twice.
func TestTwoGigabytesInterruptedThreeTimes(t *testing.T) {
	t.Parallel()
	const size, mark = 2 << 30, 1 << 20
	path := filepath.Join(t.TempDir(), "large.bin")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := int64(0); at < size; at += mark { // sparse, but no two blocks alike
		if _, err := file.WriteAt(binary.BigEndian.AppendUint64(nil, uint64(at)+1), at); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(file.Truncate(size), file.Close()); err != nil {
		t.Fatal(err)
	}
	r := newRig(t, nil)
	r.sink.Keep = false
	r.pace = transfer.Pace{}
	for range 3 {
		if _, err := r.upload(r.meter.interruptAfter(t.Context(), size/4), path); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	r.meter.stop = nil
	sent, err := r.upload(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if twice := r.sink.Taken() - size; twice < 0 || twice > 3*transfer.DefaultParallel*transfer.DefaultBlock {
		t.Errorf("%d bytes were sent twice", twice)
	}
	blob, _ := r.sink.Blob("large.bin")
	whole := sha256.New()
	content := make([]byte, transfer.DefaultBlock)
	for i, piece := range blob.Pieces {
		for at := 0; at < len(content); at += mark {
			binary.BigEndian.PutUint64(content[at:], uint64(i*len(content)+at)+1)
		}
		whole.Write(content)
		if piece.Sum != sha256.Sum256(content) || piece.Size != int64(len(content)) {
			t.Fatalf("block %d is not what was there", i)
		}
	}
	if blob.Size() != size || sent[0].SHA256 != hex.EncodeToString(whole.Sum(nil)) {
		t.Errorf("%d bytes, SHA-256 %s", blob.Size(), sent[0].SHA256)
	}
	t.Logf("%d MiB sent, %d MiB more than the file", r.sink.Taken()>>20, (r.sink.Taken()-size)>>20)
}
