package stack

import (
	"crypto/rand"
	"encoding/base64"
)

// randomKey is so many random bytes in base64.
func randomKey(bytes int) string {
	key := make([]byte, bytes)
	_, _ = rand.Read(key) // never fails: https://pkg.go.dev/crypto/rand#Read
	return base64.StdEncoding.EncodeToString(key)
}
