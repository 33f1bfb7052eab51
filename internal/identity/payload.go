package identity

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// names are the claims that anything here or in go-oidc reads.
var names = []string{"iss", "sub", "aud", "exp", "nbf", "iat", "nonce", "at_hash", "oid", "tid", "ver", "name", "email",
	"preferred_username", "unique_name", "upn", "scp", "idtyp", "azp", "appid", "roles", "groups", "hasgroups", "_claim_names", "_claim_sources"}

// claimedIssuer reads `iss` before anything is proved: it only chooses which
// of the configured issuers has to prove it. "" for what is no token.
func claimedIssuer(raw string) string {
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		return ""
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || unambiguous(body) != nil {
		return ""
	}
	var c struct {
		Issuer string `json:"iss"`
	}
	if json.Unmarshal(body, &c) != nil {
		return ""
	}
	return c.Issuer
}

// unambiguous refuses a payload that two readers could take for different
// ones: a claim that is there twice, or one of ours in other letters, which
// encoding/json would take for ours (RFC 7519, 4).
func unambiguous(payload []byte) error {
	dec := json.NewDecoder(bytes.NewReader(payload))
	if token, err := dec.Token(); err != nil || token != json.Delim('{') {
		return errors.New("payload is no object")
	}
	seen := map[string]bool{}
	for dec.More() {
		token, err := dec.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return errors.New("payload is no JSON")
		}
		if seen[name] || imitates(name) {
			return errors.New("payload has a claim twice")
		}
		seen[name] = true
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return errors.New("payload is no JSON")
		}
	}
	return nil
}

// imitates tells a name that is one of ours but for its letters' case.
func imitates(name string) bool {
	return !slices.Contains(names, name) && slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}
