package signin

import (
	"net/url"
	"path"
	"strings"
)

// LocalPath returns target if it is a path (and query) of this site and "/" if
// not: a link in a mail may name where to go after the sign-in, and must not
// lead elsewhere.
func LocalPath(target string) string {
	bad := strings.ContainsFunc(target, func(r rune) bool { return r < ' ' || r == '\\' || r == 0x7f })
	if bad || len(target) > maxPath || !strings.HasPrefix(target, "/") {
		return "/"
	}
	u, err := url.Parse(target)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || strings.HasPrefix(path.Clean(u.Path), "//") || strings.HasPrefix(u.Path, "//") {
		return "/"
	}
	return target
}

// maxPath bounds a return path, in bytes: it travels in a cookie.
const maxPath = 1024
