// Package fault classifies a failure once, where it is understood, so that everything above only asks what to do about it.
//
// The handler of a function marks; adapters translate errors and leave marking to it. An error without a mark is worth another
// try: when in doubt, nothing is lost.
package fault

import (
	"errors"
	"fmt"
)

// Kind says what to do about an error.
type Kind int

// The kinds, from nothing wrong to nothing to be done.
const (
	None       Kind = iota // no error
	Retry                  // trouble that may pass: the message goes back to its queue
	Refused                // the domain said no and will say it again: the message is done with
	Poison                 // the message itself cannot be read: kept in the poison queue for a person
	kindsCount             // not a kind
)

// kindNames are the words that logs and audit lines use.
var kindNames = [kindsCount]string{"none", "retry", "refused", "poison"}

// String returns the kind's name in lower case, or "kind(n)" for a number that is no kind.
func (k Kind) String() string {
	if k < 0 || k >= kindsCount {
		return fmt.Sprintf("kind(%d)", int(k))
	}
	return kindNames[k]
}

// marked is an error with a mark. Its text is that of the error it marks.
type marked struct {
	err  error
	kind Kind
}

func (m *marked) Error() string { return m.err.Error() }

func (m *marked) Unwrap() error { return m.err }

// Refuse marks err as a refusal: the domain said no and would say so again. The host gets 200, so the message does not come
// back; the refusal is logged as a warning and audited. Refuse(nil) is nil.
func Refuse(err error) error { return mark(err, Refused) }

// Unreadable marks err as the fault of the message itself. The host gets 500 until the message lands in the poison queue,
// where a person can look at it. Unreadable(nil) is nil.
func Unreadable(err error) error { return mark(err, Poison) }

// Again marks err as worth another try even though something below marked it otherwise. Again(nil) is nil.
func Again(err error) error { return mark(err, Retry) }

// KindOf returns the outermost mark of err: Retry when it has none, None when err is nil. Of joined errors the first marked
// one counts, as with [errors.As].
func KindOf(err error) Kind {
	if err == nil {
		return None
	}
	if m, ok := errors.AsType[*marked](err); ok {
		return m.kind
	}
	return Retry
}

func mark(err error, kind Kind) error {
	if err == nil {
		return nil
	}
	return &marked{err: err, kind: kind}
}
