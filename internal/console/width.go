package console

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// Width is how many columns a terminal needs for the text: two for wide
// characters, none for those that combine with the one before.
// https://www.unicode.org/reports/tr11/
func Width(text string) int {
	columns := 0
	for _, r := range text {
		columns += runeWidth(r)
	}
	return columns
}

func runeWidth(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case r < ' ' || r == 0x7f:
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	case width.Neutral, width.EastAsianAmbiguous, width.EastAsianNarrow, width.EastAsianHalfwidth:
		return 1
	}
	return 1
}

// Clean makes text of others fit for a terminal: what could move its cursor or
// turn its text around becomes a mark.
func Clean(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Cs) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// Cut shortens the text to so many columns, with a mark where it is cut.
func Cut(text string, columns int) string {
	if Width(text) <= columns {
		return text
	}
	used := 0
	for i, r := range text {
		if used += runeWidth(r); used > columns-1 {
			return text[:i] + "…"
		}
	}
	return text
}

// Fit makes the text exactly so many columns wide.
func Fit(text string, columns int) string {
	text = Cut(text, columns)
	return text + strings.Repeat(" ", max(0, columns-Width(text)))
}

// Wrap breaks the text at spaces into lines of at most so many columns; a
// longer word is broken where it has to be.
func Wrap(text string, columns int) []string {
	columns = max(columns, 1)
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && Width(line)+1+Width(word) <= columns {
			line += " " + word
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		for Width(word) > columns {
			head := split(word, columns)
			lines, word = append(lines, head), word[len(head):]
		}
		line = word
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// split is the longest beginning of a word that fits, at least one character.
func split(word string, columns int) string {
	used := 0
	for i, r := range word {
		if used += runeWidth(r); used > columns && i > 0 {
			return word[:i]
		}
	}
	return word
}
