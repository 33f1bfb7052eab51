package portal

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// label is a few words in a colour. The words say everything; the colour, and
// the mark before them, only say it sooner.
type label struct{ Text, Tone, Mark string }

var (
	toneCalm = label{Tone: "calm", Mark: "•"}
	toneGood = label{Tone: "good", Mark: "✓"}
	toneWarn = label{Tone: "warn", Mark: "!"}
	toneBad  = label{Tone: "bad", Mark: "✕"}
)

func (l label) as(text string) label {
	l.Text = text
	return l
}

// labels are the statuses in words.
var labels = map[airlock.Status]label{
	airlock.StatusDraft:              toneCalm.as("Draft"),
	airlock.StatusSubmitted:          toneCalm.as("Submitted"),
	airlock.StatusInReview:           toneWarn.as("In review"),
	airlock.StatusApprovalInProgress: toneCalm.as("Being delivered"),
	airlock.StatusApproved:           toneGood.as("Approved"),
	airlock.StatusRejectionInProg:    toneBad.as("Being rejected"),
	airlock.StatusRejected:           toneBad.as("Rejected"),
	airlock.StatusBlockingInProgress: toneBad.as("Being blocked"),
	airlock.StatusBlockedByScan:      toneBad.as("Blocked by scan"),
	airlock.StatusCancelled:          toneCalm.as("Cancelled"),
	airlock.StatusFailed:             toneBad.as("Failed"),
	airlock.StatusRevoked:            toneBad.as("Revoked"),
}

// labelOf is a stage's or a status' label.
func labelOf(stage any) label {
	if l, ok := labels[airlock.Stage(fmt.Sprint(stage)).Status()]; ok {
		return l
	}
	return toneCalm.as(fmt.Sprint(stage))
}

// verdicts are what the scanner said, in words.
var verdicts = map[airlock.VerdictClass]label{
	airlock.Clean:       toneGood.as("No threats found"),
	airlock.Malicious:   toneBad.as("Malware found"),
	airlock.Transient:   toneWarn.as("Not scanned yet"),
	airlock.Unscannable: toneBad.as("Cannot be scanned"),
	airlock.Operator:    toneWarn.as("Scanner out of order"),
	airlock.Stale:       toneWarn.as("To be scanned again"),
	"":                  toneWarn.as("Not scanned yet"),
}

// part is a piece of a text that people typed: shown as it is, or, where it
// would not show or change how the rest shows, by its number.
type part struct {
	Text   string
	Hidden bool
}

// marked makes everything in a name visible: control characters, text
// direction, zero widths, broken UTF-8, white space that no key gives.
func marked(s string) []part {
	var parts []part
	plain := 0
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		broken := r == utf8.RuneError && n == 1
		if !broken && (r == ' ' || unicode.IsPrint(r)) {
			i += n
			continue
		}
		if plain < i {
			parts = append(parts, part{Text: s[plain:i]})
		}
		shown := fmt.Sprintf("U+%04X", r)
		if broken {
			shown = fmt.Sprintf("byte %02X", s[i])
		}
		parts = append(parts, part{Text: shown, Hidden: true})
		i += n
		plain = i
	}
	if plain < len(s) {
		parts = append(parts, part{Text: s[plain:]})
	}
	return parts
}

// size is a number of bytes as people say it, in the units of our limits.
func size(n int64) string {
	if n < 1024 {
		return exact(n)
	}
	value, unit := float64(n)/1024, 0
	units := []string{"KiB", "MiB", "GiB", "TiB", "PiB"}
	for value >= 999.5 && unit < len(units)-1 {
		value, unit = value/1024, unit+1
	}
	digits := fmt.Sprintf("%.0f", value)
	if value < 9.95 {
		digits = strings.TrimSuffix(fmt.Sprintf("%.1f", value), ".0")
	}
	return digits + " " + units[unit]
}

// exact is a number of bytes to the byte.
func exact(n int64) string {
	if n == 1 {
		return "1 byte"
	}
	return grouped(n) + " bytes"
}

// grouped is a number with its thousands apart.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 && digits[i-1] != '-' {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// counted is a number with its noun.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return grouped(int64(n)) + " " + noun + "s"
}

func when(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04 UTC") }

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// ago is how far a time is from now, roughly.
func ago(now, t time.Time) string {
	d := now.Sub(t)
	form := "%s ago"
	if d < 0 {
		d, form = -d, "in %s"
	}
	switch {
	case d < time.Minute:
		return map[bool]string{true: "just now", false: "in a moment"}[form == "%s ago"]
	case d < time.Hour:
		return fmt.Sprintf(form, counted(int(d/time.Minute), "minute"))
	case d < 48*time.Hour:
		return fmt.Sprintf(form, counted(int(d/time.Hour), "hour"))
	}
	return fmt.Sprintf(form, counted(int(d/(24*time.Hour)), "day"))
}

// sentence is an error's text as a person reads it.
func sentence(s string) string {
	if s == "" {
		return s
	}
	r, n := utf8.DecodeRuneInString(s)
	s = string(unicode.ToUpper(r)) + s[n:]
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}
