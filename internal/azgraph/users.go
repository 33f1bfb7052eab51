package azgraph

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/people"
)

// user is what is asked of a person.
// https://learn.microsoft.com/graph/api/resources/user
type user struct {
	ID            string `json:"id"`
	DisplayName   string `json:"displayName"`
	PrincipalName string `json:"userPrincipalName"`
	Mail          string `json:"mail"`
	Enabled       bool   `json:"accountEnabled"` // left out where it may not be read: then nobody can sign in
}

const fields = "id,displayName,userPrincipalName,mail,accountEnabled"

// Longest prefix that is searched for, in characters, and the most people that
// one search finds.
const (
	maxPrefix = 256 // of a display name
	maxFound  = 999 // that Graph gives in one page
)

func (u user) entry() people.Entry {
	return people.Entry{OID: strings.ToLower(u.ID), Name: u.DisplayName, PrincipalName: u.PrincipalName, Email: u.Mail, Enabled: u.Enabled}
}

// Search returns up to limit people who can sign in and whose name, principal
// name or mail begins with prefix, by name. Limits beyond 999 find 999.
func (g *Graph) Search(ctx context.Context, prefix string, limit int) ([]people.Entry, error) {
	limit = min(limit, maxFound)
	prefix = strings.ToValidUTF8(strings.TrimSpace(prefix), "")
	if limit <= 0 || len([]rune(prefix)) > maxPrefix {
		return nil, nil // nobody is called that
	}
	found := make([]people.Entry, 0, limit)
	q := question{method: http.MethodGet, path: "/users", eventual: true, query: url.Values{
		"$select": {fields}, "$count": {"true"}, "$orderby": {"displayName"}, "$top": {strconv.Itoa(limit)}, "$filter": {filter(prefix)}}}
	err := list(ctx, g, q, func(u user) bool {
		if _, ok := canonical(u.ID); ok && u.Enabled {
			found = append(found, u.entry())
		}
		return len(found) == limit
	})
	if err != nil {
		return nil, trouble(ctx, "search", err)
	}
	slices.SortStableFunc(found, func(a, b people.Entry) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.OID, b.OID))
	})
	return found, nil
}

// filter picks people by the beginning of what they are called.
func filter(prefix string) string {
	if prefix == "" {
		return "accountEnabled eq true"
	}
	text := quote(prefix)
	return fmt.Sprintf("accountEnabled eq true and (startswith(displayName,%s) or startswith(userPrincipalName,%s) or startswith(mail,%s))", text, text, text)
}

// quote makes a text of OData, in which a quote is written twice.
// https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part2-url-conventions.html
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// Entry returns the person of an object id.
func (g *Graph) Entry(ctx context.Context, oid string) (people.Entry, error) {
	id, ok := canonical(oid)
	if !ok {
		return people.Entry{}, fmt.Errorf("graph: %.40q is no object id: %w", oid, people.ErrNotFound)
	}
	var u user
	q := question{method: http.MethodGet, path: "/users/" + id, query: url.Values{"$select": {fields}}}
	if err := g.one(ctx, q, &u); err != nil {
		return people.Entry{}, trouble(ctx, "person "+id, err)
	}
	if got, ok := canonical(u.ID); !ok || got != id {
		return people.Entry{}, fmt.Errorf("graph: person %s: the answer is about somebody else: %w", id, people.ErrUnavailable)
	}
	return u.entry(), nil
}

// maxGroups is the most groups that Graph names; beyond it answers 400.
const maxGroups = 11_000

// Groups returns the object ids of the security groups that a person is in,
// directly or through another one, the same that a token names where they fit.
// It is one question whatever groups have roles here, so that its answer holds
// for every workspace. Errors wrap people.ErrNotFound or people.ErrUnavailable.
// https://learn.microsoft.com/graph/api/directoryobject-getmembergroups
func (g *Graph) Groups(ctx context.Context, oid string) ([]string, error) {
	id, ok := canonical(oid)
	if !ok {
		return nil, fmt.Errorf("graph: %.40q is no object id: %w", oid, people.ErrNotFound)
	}
	var groups []string
	q := question{method: http.MethodPost, path: "/users/" + id + "/getMemberGroups", body: map[string]bool{"securityEnabledOnly": true}}
	err := list(ctx, g, q, func(group string) bool {
		if id, ok := canonical(group); ok {
			groups = append(groups, id)
		}
		return len(groups) > maxGroups
	})
	switch {
	case err != nil:
		return nil, trouble(ctx, "groups of "+id, err)
	case len(groups) > maxGroups:
		return nil, fmt.Errorf("graph: groups of %s: more than %d: %w", id, maxGroups, people.ErrUnavailable)
	}
	slices.Sort(groups)
	return slices.Compact(groups), nil
}

// canonical is an object id in the one form that rows are keyed by.
func canonical(id string) (string, bool) {
	u, err := uuid.Parse(id)
	return u.String(), err == nil && len(id) == len(uuid.Nil.String()) && u != uuid.Nil
}
