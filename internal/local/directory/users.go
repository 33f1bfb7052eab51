package directory

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// pageOf is a page of a list.
type pageOf[T any] struct {
	Count int    `json:"@odata.count"`
	Next  string `json:"@odata.nextLink,omitempty"`
	Value []T    `json:"value"`
}

// text is a text of OData, in which a quote is written twice.
const text = `'((?:[^']|'')*)'`

// enabledOnly and beginning are the filters that this directory understands.
var (
	enabledOnly = regexp.MustCompile(`^accountEnabled eq true$`)
	beginning   = regexp.MustCompile(`^accountEnabled eq true and \(startswith\(displayName,` + text +
		`\) or startswith\(userPrincipalName,` + text + `\) or startswith\(mail,` + text + `\)\)$`)
)

// users lists people.
func (s *Server) users(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	prefix, ok := prefixOf(q.Get("$filter"))
	top, err := strconv.Atoi(q.Get("$top"))
	skip, _ := strconv.Atoi(q.Get("$skiptoken")) // the first page has none
	switch {
	case strings.Contains(r.URL.RawQuery, "+"): // OData reads it as a plus
		refuse(w, http.StatusBadRequest, "Request_BadRequest", "Syntax error: character '+' is not valid.")
		return
	case !ok || err != nil || top < 1 || top > 999 || skip < 0:
		refuse(w, http.StatusBadRequest, "Request_BadRequest", "Invalid filter clause or page size.")
		return
	case r.Header.Get("ConsistencyLevel") != "eventual" || q.Get("$count") != "true":
		// https://learn.microsoft.com/graph/aad-advanced-queries
		refuse(w, http.StatusBadRequest, "Request_UnsupportedQuery", "Sorting not supported for current query.")
		return
	}
	found := s.called(prefix)
	from := min(skip, len(found))
	to := min(from+min(top, s.config.Page), len(found))
	page := pageOf[User]{Count: len(found), Value: found[from:to]}
	if to < len(found) {
		q.Set("$skiptoken", strconv.Itoa(to))
		page.Next = s.URL() + "/v1.0/users?" + strings.ReplaceAll(q.Encode(), "+", "%20")
	}
	answer(w, http.StatusOK, page)
}

// prefixOf is what the filter looks for.
func prefixOf(filter string) (string, bool) {
	if enabledOnly.MatchString(filter) {
		return "", true
	}
	found := beginning.FindStringSubmatch(filter)
	if found == nil || found[1] != found[2] || found[1] != found[3] {
		return "", false
	}
	return strings.ReplaceAll(found[1], "''", "'"), true
}

// called are the people who can sign in and whose names begin with prefix, by
// their display names.
func (s *Server) called(prefix string) []User {
	found := []User{}
	for _, u := range s.config.Users {
		if u.Enabled && (begins(u.DisplayName, prefix) || begins(u.PrincipalName, prefix) || begins(u.Mail, prefix)) {
			found = append(found, u)
		}
	}
	slices.SortStableFunc(found, func(a, b User) int {
		return strings.Compare(strings.ToLower(a.DisplayName), strings.ToLower(b.DisplayName))
	})
	return found
}

func begins(s, prefix string) bool {
	return strings.HasPrefix(strings.ToLower(s), strings.ToLower(prefix))
}

func (s *Server) byID(w http.ResponseWriter, r *http.Request) (User, bool) {
	i := slices.IndexFunc(s.config.Users, func(u User) bool { return strings.EqualFold(u.ID, r.PathValue("id")) })
	if i < 0 {
		refuse(w, http.StatusNotFound, "Request_ResourceNotFound", "Resource does not exist.")
		return User{}, false
	}
	return s.config.Users[i], true
}

func (s *Server) user(w http.ResponseWriter, r *http.Request) {
	if u, ok := s.byID(w, r); ok {
		answer(w, http.StatusOK, u)
	}
}

// maxGroups is the most groups that Graph names at once.
const maxGroups = 11_000

// groups names the groups that somebody is in.
// https://learn.microsoft.com/graph/api/directoryobject-getmembergroups
func (s *Server) groups(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		SecurityOnly *bool `json:"securityEnabledOnly"`
	}
	if json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&asked) != nil || asked.SecurityOnly == nil {
		refuse(w, http.StatusBadRequest, "Request_BadRequest", "securityEnabledOnly is required.")
		return
	}
	u, ok := s.byID(w, r)
	if !ok {
		return
	}
	if len(u.Groups) > maxGroups {
		refuse(w, http.StatusBadRequest, "Directory_ResultSizeLimitExceeded", "The directory object has too many results.")
		return
	}
	answer(w, http.StatusOK, pageOf[string]{Count: len(u.Groups), Value: append([]string{}, u.Groups...)})
}
