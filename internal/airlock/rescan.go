package airlock

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// RescanName is the name of a copy that asks the scanner again. Each try has
// one of its own, because only a new blob is scanned, and no event can damage
// it.
func RescanName(name string, try int) string {
	sum := sha256.Sum256([]byte(name))
	return fmt.Sprintf("%s-%d", hex.EncodeToString(sum[:]), try)
}

// IsRescanOf tells whether blob is the name of a copy of the file called name,
// whichever try it was. Every try copies the same sealed bytes, so a verdict on
// any of them is one on the file.
func IsRescanOf(blob, name string) bool {
	_, number, _ := strings.Cut(blob, "-")
	try, err := strconv.Atoi(number)
	return err == nil && try > 0 && blob == RescanName(name, try)
}
