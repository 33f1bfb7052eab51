package transfer

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"strings"
)

// System is what kind of names this machine's files may have.
type System struct {
	Windows bool // reserved characters, names of devices, no dot or space at the end
}

// ThisSystem is the machine that this runs on.
var ThisSystem = System{Windows: runtime.GOOS == "windows"}

// reserved are the characters that no name may have on Windows. Control
// characters the airlock refuses everywhere.
// https://learn.microsoft.com/windows/win32/fileio/naming-a-file
const reserved = `<>:"|?*\`

// Local is the path, with "/" between folders, under which a file of a request
// is kept on the system: its own name wherever the system allows. What it does
// not is written as "%" and two hex digits, and a "%" that looks so already
// likewise, so that Remote gives the name back. An error: the name would lead
// out of the folder, which the airlock never lets happen.
func (s System) Local(name string) (string, error) {
	if !fs.ValidPath(name) || name == "." || strings.ContainsRune(name, 0) {
		return "", fmt.Errorf("the name %s leads out of the folder", printable(name))
	}
	if !s.Windows {
		return name, nil
	}
	segments := strings.Split(name, "/")
	for i, segment := range segments {
		segments[i] = encode(segment)
	}
	return strings.Join(segments, "/"), nil
}

// Remote gives back the name that Local was given.
func (s System) Remote(local string) string {
	if !s.Windows {
		return local
	}
	var b strings.Builder
	for i := 0; i < len(local); i++ {
		if escaped(local[i:]) {
			b.WriteByte(unhex(local[i+1])<<4 | unhex(local[i+2]))
			i += 2
			continue
		}
		b.WriteByte(local[i])
	}
	return b.String()
}

func encode(segment string) string {
	var b strings.Builder
	device := isDevice(segment)
	for i := range len(segment) {
		c := segment[i]
		last := i == len(segment)-1 && (c == '.' || c == ' ')
		if c < ' ' || strings.IndexByte(reserved, c) >= 0 || last || escaped(segment[i:]) || device && i == 0 {
			fmt.Fprintf(&b, "%%%02X", c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// isDevice tells names that Windows takes for a device, with any extension.
func isDevice(segment string) bool {
	stem, _, _ := strings.Cut(segment, ".")
	stem = strings.ToUpper(strings.TrimRight(stem, " "))
	switch stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	for _, port := range []string{"COM", "LPT"} {
		number, ok := strings.CutPrefix(stem, port)
		if runes := []rune(number); ok && len(runes) == 1 && strings.ContainsRune("0123456789¹²³", runes[0]) {
			return true
		}
	}
	return false
}

func escaped(s string) bool {
	return len(s) >= 3 && s[0] == '%' && isHex(s[1]) && isHex(s[2])
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c >= 'a':
		return c - 'a' + 10
	}
	return c - 'A' + 10
}

// path is a slashed path as the system writes it.
func path(slashed string) string { return filepath.FromSlash(slashed) }
