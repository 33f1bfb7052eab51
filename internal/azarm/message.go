package azarm

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"unicode"
)

// said is one level of an error.
type said struct {
	code, message string
	depth         int
}

// deciding are codes of a stack as a whole that say what has to be done,
// whatever is said inside of them.
var deciding = []string{"DeploymentStackOutOfSync", "DeploymentStackDeleteResourcesFailed"}

// Bounds of what is read of an error.
const (
	maxBody    = 1 << 20 // bytes
	maxDepth   = 24      // levels; Azure's deepest have nine
	maxMessage = 1000    // characters told
)

// codes are words.
var codes = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)

const maxCode = 100 // characters

// innermost finds the deepest level of an error that says something: the one
// that a person can act on. What is around it says that something failed.
// https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/find-error-code
func innermost(body []byte, code string) said {
	s := search{best: said{code: code}}
	var v any
	if len(body) <= maxBody && json.Unmarshal(body, &v) == nil {
		s.walk(v, said{code: code})
	}
	for _, decides := range deciding {
		if s.seen[decides] {
			s.best.code = decides
		}
	}
	// Compute says a core quota with the code of many other things.
	// https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-resource-quota
	if lower := strings.ToLower(s.best.message); s.best.code == "OperationNotAllowed" && strings.Contains(lower, "quota") && strings.Contains(lower, "exceed") {
		s.best.code = "QuotaExceeded"
	}
	return s.best
}

type search struct {
	best said
	seen map[string]bool
}

// walk goes down from around: what a level does not say is said by the one
// around it.
func (s *search) walk(v any, around said) {
	around.depth++
	if around.depth > maxDepth {
		return
	}
	switch v := v.(type) {
	case []any:
		for _, each := range v {
			s.walk(each, around)
		}
	case map[string]any:
		s.level(v, around)
	}
}

// level reads one object of an error.
func (s *search) level(v map[string]any, at said) {
	fields := make(map[string]any, len(v))
	for name, value := range v {
		fields[strings.ToLower(name)] = value
	}
	code, _ := fields["code"].(string)
	message, _ := fields["message"].(string)
	nested := within(message)
	if nested == nil {
		nested = within(fields["statusmessage"])
	} else {
		message = ""
	}
	if len(code) > maxCode || !codes.MatchString(code) {
		code = "" // it is told as it is
	}
	if code != "" {
		s.note(code)
		at.code = code
	}
	if message != "" {
		at.message = message
	}
	if (code != "" || message != "") && at.message != "" && at.depth > s.best.depth {
		s.best = at
	}
	s.walk(nested, at)
	for _, name := range []string{"error", "innererror", "details", "properties"} {
		s.walk(fields[name], at)
	}
}

func (s *search) note(code string) {
	if s.seen == nil {
		s.seen = map[string]bool{}
	}
	s.seen[code] = true
}

// within is the error that a message holds as JSON; nil when it holds none.
func within(message any) any {
	text, ok := message.(string)
	if !ok {
		return message // an object already, or nothing
	}
	start := strings.IndexByte(text, '{')
	if start < 0 {
		return nil
	}
	// What comes after the JSON, such as a correlation id, is no part of it.
	var v map[string]any
	if json.NewDecoder(bytes.NewReader([]byte(text[start:]))).Decode(&v) != nil {
		return nil
	}
	for name := range v {
		switch strings.ToLower(name) {
		case "error", "message", "code":
			return v
		}
	}
	return nil
}

var (
	query    = regexp.MustCompile(`(https?://[^\s"'<>?]*)\?[^\s"'<>]*`)                                                      // signatures are in the query
	token    = regexp.MustCompile(`eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)?|(?i)\bbearer\s+[A-Za-z0-9._~+/=-]+`) // JWT
	assigned = regexp.MustCompile(`(?i)\b(sig|accountkey|sharedaccesskey|sharedaccesssignature|[a-z_]*password|[a-z_]*secret|[a-z_]*token|pwd)(["']?\s*[:=]\s*)("[^"]*"|'[^']*'|[^\s,;&]+)`)
)

// Clean is a message as people may see it: one line of at most 1,000
// characters without anything that opens a door.
func Clean(message string) string {
	message = query.ReplaceAllString(message, "$1?…")
	message = token.ReplaceAllString(message, "…")
	message = assigned.ReplaceAllString(message, "$1$2…")
	message = strings.Join(strings.FieldsFunc(message, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == unicode.ReplacementChar }), " ")
	if runes := []rune(message); len(runes) > maxMessage {
		message = string(runes[:maxMessage-1]) + "…"
	}
	return message
}
