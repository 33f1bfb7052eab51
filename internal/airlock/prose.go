package airlock

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Prose returns ErrInvalid, naming field and limit, unless text is readable
// and has no more than so many characters. Lines and tabs are fine.
func Prose(field, text string, most int) error {
	return Line(field, strings.NewReplacer("\r\n", " ", "\n", " ", "\t", " ").Replace(text), most)
}

// Line is Prose in one line.
func Line(field, text string, most int) error {
	switch n := utf8.RuneCountInString(text); {
	case n > most:
		return fmt.Errorf("%s: %d characters, at most %d: %w", field, n, most, ErrInvalid)
	case !utf8.ValidString(text):
		return fmt.Errorf("%s: not valid UTF-8: %w", field, ErrInvalid)
	case strings.ContainsFunc(text, hidden):
		return fmt.Errorf("%s: holds a control or invisible direction character: %w", field, ErrInvalid)
	}
	return nil
}

// hidden characters do something other than be read.
func hidden(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
}
