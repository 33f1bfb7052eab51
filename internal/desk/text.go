package desk

import (
	"errors"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// sentinels are the words that end an error for programs.
var sentinels = []error{airlock.ErrIllegal, airlock.ErrNotFound, airlock.ErrConflict, airlock.ErrRefused, airlock.ErrFrozen,
	airlock.ErrInvalid, ErrDisabled, ErrNotDeployed, ErrStale}

// Text is what a person reads of an error of this package: without the
// sentinel at its end, where something stands before it. It is meant for
// errors that wrap a sentinel; others may tell what is nobody's business.
func Text(err error) string {
	text := err.Error()
	for _, sentinel := range sentinels {
		if errors.Is(err, sentinel) {
			if short, cut := strings.CutSuffix(text, ": "+sentinel.Error()); cut {
				return short
			}
		}
	}
	return text
}

// classed is an error that is also of another class; its text stays.
type classed struct {
	error
	class error
}

func (c classed) Unwrap() []error { return []error{c.error, c.class} }

// also puts an error into one more class.
func also(err, class error) error {
	if err == nil {
		return nil
	}
	return classed{err, class}
}
