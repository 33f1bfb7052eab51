package identity

import (
	"encoding/json"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"
)

// maxName bounds the display name kept from a token, in characters: Entra's
// displayName has at most 256.
const maxName = 256

// claims are the parts of a token that Trefoil looks at
// (https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference).
type claims struct {
	OID               string     `json:"oid"`
	TID               string     `json:"tid"`
	Sub               string     `json:"sub"`
	Name              string     `json:"name"`
	Email             string     `json:"email"`
	PreferredUsername string     `json:"preferred_username"`
	UPN               string     `json:"upn"`
	UniqueName        string     `json:"unique_name"` // version 1.0 tokens
	Ver               string     `json:"ver"`
	Scp               string     `json:"scp"`
	IDTyp             string     `json:"idtyp"`
	Azp               string     `json:"azp"`
	AppID             string     `json:"appid"` // azp's name in version 1.0 tokens
	Nonce             string     `json:"nonce"`
	Roles             stringList `json:"roles"`
	Groups            stringList `json:"groups"`
	HasGroups         bool       `json:"hasgroups"` // more than fit, in a token of the implicit flow
	Elsewhere         struct {
		Groups string `json:"groups"` // more than fit: the name of the source that knows
	} `json:"_claim_names"`

	expires time.Time
}

// stringList is a list of strings that may come as one bare string.
type stringList []string

// UnmarshalJSON implements [json.Unmarshaler].
func (s *stringList) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*s = nil
		if one != "" {
			*s = stringList{one}
		}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(s))
}

// complete checks the claims that go-oidc knows nothing of.
func (c *claims) complete(tenants []string) error {
	id, ok := canonicalUUID(c.OID)
	if !ok {
		return refused("oid missing or no uuid")
	}
	c.OID = id
	if c.IDTyp == "app" && c.Scp != "" {
		return refused("a program's token with a person's scope")
	}
	if len(tenants) > 0 && !slices.ContainsFunc(tenants, func(t string) bool { return strings.EqualFold(t, c.TID) }) {
		return refused("tenant %q not allowed", c.TID)
	}
	return nil
}

// appOnly reports whether a program speaks for itself: Entra says so with
// idtyp, or, where that optional claim is off, by sub = oid and no scp.
func (c *claims) appOnly() bool {
	if c.IDTyp != "" {
		return c.IDTyp == "app"
	}
	return c.Scp == "" && c.Azp+c.AppID != "" && strings.EqualFold(c.Sub, c.OID)
}

// person is what the rest of Trefoil learns.
func (c *claims) person() Person {
	p := Person{OID: c.OID, Expires: c.expires, AppOnly: c.appOnly()}
	p.Roles = slices.Compact(slices.Sorted(slices.Values(c.Roles)))
	p.Groups, p.MoreGroups = c.groups()
	for _, candidate := range []string{c.Email, c.PreferredUsername, c.UPN, c.UniqueName} {
		if a, err := mail.ParseAddress(candidate); err == nil && a.Name == "" && a.Address == candidate {
			p.Email = candidate
			break
		}
	}
	for _, candidate := range []string{c.Name, c.PreferredUsername, c.UPN, c.UniqueName, c.OID} {
		if p.Name = printable(candidate); p.Name != "" {
			break
		}
	}
	return p
}

// groups are the object ids of the person's groups, and whether the token says
// that there are more than it carries. Where the source is, it says too; that
// address is not used: whoever can sign tokens would choose whom we ask. Groups
// that are named otherwise than by id (sAMAccountName) are nobody's here, and a
// program has only the roles that were given to itself.
// https://learn.microsoft.com/security/zero-trust/develop/configure-tokens-group-claims-app-roles
func (c *claims) groups() (ids []string, more bool) {
	if c.appOnly() {
		return nil, false
	}
	if c.HasGroups || c.Elsewhere.Groups != "" {
		return nil, true
	}
	for _, g := range c.Groups {
		if id, ok := canonicalUUID(g); ok {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), false
}

// canonicalUUID accepts only the plain 36-character form, and not the nil UUID.
func canonicalUUID(s string) (string, bool) {
	id, err := uuid.Parse(s)
	if err != nil || len(s) != len(uuid.Nil.String()) || id == uuid.Nil {
		return "", false
	}
	return id.String(), true
}

// printable makes a name safe to show in one line: no control or direction
// characters, single spaces, bounded length.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > maxName {
		s = strings.TrimSpace(string(r[:maxName]))
	}
	return s
}
