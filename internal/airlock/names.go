package airlock

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// MaxName is the longest blob name, in UTF-16 units as Azure counts.
// https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata
const MaxName = 1024

// maxDepth is the most path segments a name may have (same source).
const maxDepth = 254

// CheckName returns the findings about a file's name. Names are kept byte for
// byte; one that would be read as another name by some program, or that Azure
// itself bends, is refused rather than changed.
func CheckName(name string) []Finding {
	var found []Finding
	refuse := func(code, text string) { found = append(found, Finding{Code: code, Severity: Refuse, Text: text}) }
	segments := strings.Split(name, "/")
	switch {
	case name == "":
		refuse("name_empty", "the name is empty; give the file a name")
		return found
	case !utf8.ValidString(name):
		refuse("name_encoding", "the name is not valid UTF-8; rename the file")
	case utf16Len(name) > MaxName:
		refuse("name_long", fmt.Sprintf("the name is longer than %d characters; shorten it", MaxName))
	case len(segments) > maxDepth:
		refuse("name_deep", fmt.Sprintf("the name has more than %d folders; pack the files flatter", maxDepth))
	}
	if strings.ContainsFunc(name, control) {
		refuse("name_control", "the name holds a control or invisible direction character; rename the file")
	}
	if strings.Contains(name, `\`) {
		refuse("name_backslash", `the name holds a back-slash, which some programs read as a folder; use "/"`)
	}
	for _, s := range segments {
		if code, text := checkSegment(s); code != "" {
			refuse(code, text)
			break
		}
	}
	return found
}

func checkSegment(s string) (code, text string) {
	switch {
	case s == "":
		return "name_slash", `the name starts or ends with "/" or has two in a row; remove the extra ones`
	case s == "." || s == "..":
		return "name_dots", `the name has a folder "." or ".."; remove it`
	case strings.HasSuffix(s, "."):
		return "name_dot", "a folder or the file ends with a dot, which Azure drops; rename it"
	}
	return "", ""
}

// control characters, and those that make a name look like another one.
func control(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' || r == utf8.RuneError
}

func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xFFFF {
			n++
		}
	}
	return n
}

// Fold maps names that some file system takes for the same to the same text:
// upper and lower case, composed and decomposed letters. It is Unicode's
// canonical caseless matching (D145).
// https://www.unicode.org/versions/Unicode16.0.0/core-spec/chapter-3/#G34145
func Fold(name string) string {
	return norm.NFD.String(cases.Fold().String(norm.NFD.String(name)))
}

// Clashes returns, for every name that another name of the list would
// overwrite on a file system without case, or that is also the folder of
// another, a finding that refuses it.
func Clashes(names []string) map[string]Finding {
	folded := make(map[string]string, len(names))
	clashes := map[string]Finding{}
	for _, name := range names {
		key := Fold(name)
		if other, taken := folded[key]; taken && other != name {
			f := Finding{Code: "name_case", Severity: Refuse, Text: "two names differ only by case or accents' encoding; rename one"}
			clashes[name], clashes[other] = f, f
		}
		folded[key] = name
	}
	for _, name := range names {
		key := Fold(name)
		for i := strings.LastIndexByte(key, '/'); i > 0; i = strings.LastIndexByte(key[:i], '/') {
			if other, taken := folded[key[:i]]; taken {
				clashes[other] = Finding{Code: "name_folder", Severity: Refuse, Text: "the name is also a folder of another file; rename it"}
			}
		}
	}
	return clashes
}

// CheckBlob returns the findings about how a blob is stored: only block blobs
// that can be read at once are scanned, and can be copied by the service.
func CheckBlob(b Blob) []Finding {
	found := CheckName(b.Name)
	refuse := func(code, text string) { found = append(found, Finding{Code: code, Severity: Refuse, Text: text}) }
	if b.BlobType != "" && b.BlobType != "BlockBlob" {
		refuse("blob_type", "the file is an append or page blob, which no scanner reads; upload it as a block blob")
	}
	if b.Tier != "" && b.Tier != "Hot" && b.Tier != "Cool" {
		refuse("blob_tier", fmt.Sprintf("the file is in tier %s; upload it to hot or cool", b.Tier))
	}
	if b.CustomerKey {
		refuse("blob_key", "the file is encrypted with a key of your own; upload it without")
	}
	return found
}

// Unread tells whether nobody can read the blob as it is stored: it has to be
// thawed first, or needs a key that only the uploader has.
func (b Blob) Unread() bool { return b.Tier == "Archive" || b.CustomerKey }

// Damaged tells whether a name taken from an event may not be the blob's:
// Event Grid replaces what it cannot carry by "?" or U+FFFD.
// https://github.com/Azure-Samples/azure-event-grid-viewer/issues/9
func Damaged(name string) bool {
	return name == "" || strings.ContainsAny(name, "?\uFFFD") || !utf8.ValidString(name)
}
