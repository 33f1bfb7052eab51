package desk

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// Cut cuts a page out of a list that is in order. Without a limit the page holds
// most entries, or all of them where most is 0. id names an entry, so that the
// next page begins behind the last one of this page, whatever was made
// meanwhile. airlock.ErrInvalid: the cursor is none of ours.
func Cut[T any](all []T, page airlock.Page, most int, id func(T) string) (cut []T, next string, err error) {
	from, err := behind(page.After, all, id)
	if err != nil {
		return nil, "", err
	}
	to := len(all)
	switch {
	case page.Limit > 0:
		to = min(to, from+limit(page, MaxPage))
	case most > 0:
		to = min(to, from+most)
	}
	if to < len(all) {
		next = fmt.Sprintf("%d.%s", to, id(all[to-1]))
	}
	return all[from:to], next, nil
}

// behind is where the page of a cursor begins: behind the last entry of the
// page before; where that is no longer in the list, at the number it had.
func behind[T any](cursor string, all []T, id func(T) string) (int, error) {
	number, last, _ := strings.Cut(cursor, ".")
	at, err := position(number, len(all))
	if err != nil {
		return 0, err
	}
	if i := slices.IndexFunc(all, func(one T) bool { return id(one) == last }); i >= 0 {
		return i + 1, nil
	}
	return at, nil
}
