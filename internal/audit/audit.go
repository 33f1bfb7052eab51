// Package audit holds the line that is written of everything that happens to
// an airlock request, and the hash chain that ties the lines of one request
// together, so that a line changed or taken out later is noticed. It is pure.
package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Line is one thing that happened: who did what to which request, when and why.
type Line struct {
	Workspace string    `json:"workspaceId"`
	Request   string    `json:"requestId,omitempty"`
	Seq       int       `json:"seq"`              // 1 for the first line of a request
	At        time.Time `json:"at"`               // UTC
	Actor     Actor     `json:"actor"`            // who did it
	Action    string    `json:"action"`           // the rulebook's trigger, or what an engine step is called
	From      string    `json:"from,omitempty"`   // status before
	To        string    `json:"to,omitempty"`     // status after
	Reason    string    `json:"reason,omitempty"` // what the person, or the rule, gave as reason
	Detail    string    `json:"detail,omitempty"` // facts worth keeping: a digest, a count; never a file name or a link
	Person    string    `json:"person,omitempty"` // object id of the person it is about, where it is about one
	Call      string    `json:"call,omitempty"`   // id of the call by which a person did it: the X-Request-Id of the answer
	Prev      string    `json:"prev"`             // hash of the line before; "" for the first
	Hash      string    `json:"hash"`             // hash of this line, Prev included
}

// Actor is who did it: a person, or a function of the engine.
type Actor struct {
	OID  string `json:"oid,omitempty"` // Entra object id; empty for the engine
	Name string `json:"name"`          // display name, or the function's name
	Role string `json:"role"`          // in which role it was done
}

// Head is the end of a request's chain, kept in the request itself.
type Head struct {
	Seq  int    `json:"seq"`
	Hash string `json:"hash"`
}

// ErrBroken means that the lines do not form the chain they should.
var ErrBroken = errors.New("audit chain broken")

// Append chains the line to the head and returns both anew.
func (h Head) Append(line Line) (Line, Head) {
	line.At = line.At.UTC().Truncate(time.Microsecond)
	line.Seq, line.Prev = h.Seq+1, h.Hash
	line.Hash = line.digest()
	return line, Head{Seq: line.Seq, Hash: line.Hash}
}

// Verify returns ErrBroken, naming the line, unless lines are exactly the
// chain from the first line to head.
func Verify(lines []Line, head Head) error {
	var at Head
	for _, line := range lines {
		want, next := at.Append(line)
		if line.Seq != want.Seq || line.Prev != want.Prev || line.Hash != want.Hash || !line.At.Equal(want.At) {
			return fmt.Errorf("line %d after line %d: %w", line.Seq, at.Seq, ErrBroken)
		}
		at = next
	}
	if at != head {
		return fmt.Errorf("ends at line %d, the request says %d: %w", at.Seq, head.Seq, ErrBroken)
	}
	return nil
}

// digest is the SHA-256 of the line's JSON with an empty Hash.
func (l Line) digest() string {
	l.Hash = ""
	text, err := json.Marshal(l)
	if err != nil { // strings, numbers and a time always marshal, years past 9999 apart
		text = fmt.Appendf(nil, "%#v", l)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
