package airlock

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"
)

// strangeAMinute is how many refusals of a kind are kept a minute where nobody
// says: so many that a handful never share a name (of three, one pair in 1,700
// minutes), few enough that a flood fills no table.
const strangeAMinute = 5000

// StrangeID names the audit line of something refused, out of at most limit
// names a minute; 0 means 5,000. What meets a name that is taken is in the log
// only.
func StrangeID(kind string, at time.Time, limit int, what ...string) string {
	if limit <= 0 {
		limit = strangeAMinute
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", what))
	return fmt.Sprintf("%s.%s.%d", kind, at.UTC().Format("200601021504"), binary.BigEndian.Uint32(sum[:])%uint32(limit))
}
