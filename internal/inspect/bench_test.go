package inspect_test

import (
	"crypto/sha256"
	"io"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/inspect"
)

const benchBytes = 256 << 20

// endless gives the same bytes again and again, as fast as memory does.
type endless struct{ block []byte }

func (e endless) Read(p []byte) (int, error) { return copy(p, e.block), nil }

// BenchmarkSlice is held against BenchmarkCopy: at least 0.8 of its speed.
func BenchmarkSlice(b *testing.B) {
	for name, head := range map[string]string{"plain": "\x00\x01", "zip": "PK\x03\x04"} {
		b.Run(name, func(b *testing.B) {
			block := random(1 << 20)
			copy(block, head)
			s := inspect.Subject{Blob: airlock.Blob{Name: "a.bin", Size: benchBytes}}
			b.SetBytes(benchBytes)
			for b.Loop() {
				if _, err := (inspect.Inspector{Now: now}).Slice(b.Context(), endless{block}, s, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCopy(b *testing.B) {
	block := random(1 << 20)
	b.SetBytes(benchBytes)
	for b.Loop() {
		if _, err := io.Copy(sha256.New(), io.LimitReader(endless{block}, benchBytes)); err != nil {
			b.Fatal(err)
		}
	}
}
