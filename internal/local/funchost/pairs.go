package funchost

import (
	"net/url"
	"slices"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/local/funchost/jtoken"
)

// pairs are names with their values, in order.
type pairs []pair

type pair struct {
	name   string
	values []string
}

// queryOf reads a query in order; what cannot be decoded stays as it is.
func queryOf(raw string) pairs {
	var all pairs
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		name, value = unquery(name), unquery(value)
		i := slices.IndexFunc(all, func(p pair) bool { return strings.EqualFold(p.name, name) })
		if i < 0 {
			all = append(all, pair{name, []string{value}})
			continue
		}
		all[i].values = append(all[i].values, value)
	}
	return all
}

func unquery(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

func (p pairs) object(show func([]string) jtoken.Token) jtoken.Token {
	t := jtoken.Token{Kind: jtoken.Object}
	for _, entry := range p {
		t = t.Set(entry.name, show(entry.values))
	}
	return t
}

// The ways a list of values is shown.

func joined(values []string) jtoken.Token { return jtoken.Of(strings.Join(values, ",")) }
func last(values []string) jtoken.Token   { return jtoken.Of(values[len(values)-1]) }

func listed(values []string) jtoken.Token {
	t := jtoken.Token{Kind: jtoken.Array}
	for _, v := range values {
		t.Items = append(t.Items, jtoken.Of(v))
	}
	return t
}
