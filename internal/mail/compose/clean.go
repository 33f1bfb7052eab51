package compose

import (
	"strings"
	"unicode"
)

// Limits of what people typed, in characters.
const (
	maxLine   = 200  // names and titles
	maxReason = 2000 // longer ones are read on the page
)

// clean makes every field that a person typed fit to print.
func (n Notice) clean() Notice {
	for _, line := range []*string{&n.Recipient, &n.Workspace, &n.RequestID, &n.Title, &n.Type, &n.RequestedBy, &n.Status, &n.WaitsFor, &n.Product} {
		*line = tidy(*line)
	}
	lines := strings.Split(strings.ReplaceAll(n.Reason, "\r\n", "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(printable(line), " ")
	}
	n.Reason = cut(defang(strings.Trim(strings.Join(lines, "\n"), "\n ")), maxReason)
	if n.Title == "" {
		n.Title = "untitled"
	}
	if n.Workspace == "" {
		n.Workspace = "unnamed workspace"
	}
	if n.Product == "" {
		n.Product = "Trefoil"
	}
	return n
}

// tidy makes one line of what a person typed.
func tidy(s string) string {
	return cut(defang(strings.Join(strings.Fields(printable(s)), " ")), maxLine)
}

// printable leaves out what does not show or changes how the rest shows:
// control characters, text direction, zero widths.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}

// defang keeps mail programs from making links of what people typed: a title
// must not bring an address of its own into a mail that says it is from us.
func defang(s string) string {
	return strings.NewReplacer("://", "[:]//", "www.", "www[.]", "WWW.", "WWW[.]", "mailto:", "mailto[:]").Replace(s)
}

// cut shortens to at most limit characters.
func cut(s string, limit int) string {
	r := []rune(s)
	if len(r) <= limit {
		return s
	}
	return strings.TrimRight(string(r[:limit-1]), " ") + "…"
}
