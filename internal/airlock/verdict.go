package airlock

import (
	"regexp"
	"strings"
	"time"
)

// VerdictClass is what a scan result means for a request.
type VerdictClass string

// The classes. Nothing but Clean ever passes the gate.
const (
	Clean       VerdictClass = "clean"
	Malicious   VerdictClass = "malicious"
	Transient   VerdictClass = "transient"   // not scanned yet, throttled, timed out: ask again
	Unscannable VerdictClass = "unscannable" // a property of the file: too large, password, corrupt
	Operator    VerdictClass = "operator"    // the operator's own fault: administrators are told
	Stale       VerdictClass = "stale"       // about another version or a file that is gone: ask again
)

// Verdict is what the scanner said of one version.
type Verdict struct {
	Class  VerdictClass `json:"class"`
	Result string       `json:"result"`           // the scanner's own word
	Detail string       `json:"detail,omitempty"` // reason code or malware names
	SHA256 string       `json:"sha256,omitempty"` // given by the scanner for malware only
	At     time.Time    `json:"at"`
}

// maxDetail bounds what is kept of a scanner's words, in bytes.
const maxDetail = 500

// reasons are the codes by which Defender says why it did not scan.
// https://learn.microsoft.com/azure/defender-for-cloud/understand-malware-scan-results
var reasons = map[string]VerdictClass{
	"259201": Transient, "259207": Transient, "259213": Transient, "259215": Transient,
	"259203": Operator, "259220": Operator,
	"259204": Stale, "259205": Stale,
	"259206": Unscannable, "259208": Unscannable, "259209": Unscannable,
	"259210": Unscannable, "259211": Unscannable, "259212": Unscannable,
}

// reasonCode finds a reason's number in "SAM259206: Scan aborted".
var reasonCode = regexp.MustCompile(`\b(?:SAM)?(\d{6})\b`)

// Classify reads a scan result. Only exactly "No threats found" is clean; a
// word or code we do not know is Transient, which never passes. Of several
// codes the first known one counts.
func Classify(result, detail string) VerdictClass {
	switch {
	case result == "No threats found":
		return Clean
	case strings.EqualFold(result, "Malicious"):
		return Malicious
	}
	for _, code := range reasonCode.FindAllStringSubmatch(detail, -1) {
		if class, known := reasons[code[1]]; known {
			return class
		}
	}
	return Transient
}

// NewVerdict builds a verdict from the scanner's words. Its SHA-256 is kept
// where it named malware: there it tells which bytes it speaks of.
func NewVerdict(result, detail, sha256 string, at time.Time) Verdict {
	v := Verdict{Class: Classify(result, detail), Result: clip(result), Detail: clip(detail), At: at.UTC()}
	if v.Class == Malicious {
		v.SHA256 = strings.ToLower(clip(sha256))
	}
	return v
}

func clip(s string) string {
	if len(s) > maxDetail {
		s = s[:maxDetail]
	}
	return strings.ToValidUTF8(s, "")
}

// Class is what the recorded verdicts come to; "" until the scanner spoke.
// Malware counts whatever else was said before, after or at the same time. A
// verdict whose own SHA-256 contradicts ours is one about other bytes.
func (f File) Class() VerdictClass {
	switch {
	case f.Malware != nil && !f.Contradicts(f.Malware.SHA256):
		return f.Malware.Class
	case f.Verdict != nil && !f.Contradicts(f.Verdict.SHA256):
		return f.Verdict.Class
	case f.Malware != nil || f.Verdict != nil:
		return Stale
	}
	return ""
}

// Recorded is the row that records a verdict on the file's version. One that
// names malware has a group of its own: whoever writes another verdict at the
// same time, having read that there was none, does not undo it. A verdict of
// known other bytes is worth nothing, and so is its word on malware.
func (f File) Recorded(v Verdict, sha256 string) File {
	row := File{Name: f.Name, ETag: f.ETag, Stored: f.Stored}
	if f.Contradicts(sha256) && (v.Class == Clean || v.Class == Malicious) {
		v.Class = Stale
	}
	if v.Class == Malicious {
		row.Malware = &v
	} else {
		row.Verdict = &v
	}
	return row
}

// Contradicts tells whether a scanner's SHA-256 is not the one of the bytes
// that were inspected; one that is not given, or not known, contradicts nothing.
func (f File) Contradicts(sha256 string) bool {
	return sha256 != "" && f.Inspection != nil && f.Inspection.SHA256 != "" && !strings.EqualFold(sha256, f.Inspection.SHA256)
}

// Outranked tells whether the file's verdict stands against a new one on the
// same bytes: malware stays malware whoever says otherwise later, and a real
// verdict is not undone by one that says the scanner did not look. One about
// other bytes stands against nothing.
func (f File) Outranked(v Verdict) bool {
	switch f.Class() {
	case Malicious, Clean:
		return v.Class != Malicious
	case Unscannable:
		return v.Class != Malicious && v.Class != Clean
	case Transient, Operator, Stale:
		return false
	}
	return false
}

// Clean tells whether the scanner passed exactly these bytes.
func (f File) Clean() bool { return f.Class() == Clean }
