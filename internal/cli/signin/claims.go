package signin

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

// Claims are what a token says of whom it stands for. They are read to be
// shown, and never trusted: the API checks tokens.
type Claims struct {
	Name    string   `json:"name"`
	Account string   `json:"preferred_username"`
	Email   string   `json:"email"`
	OID     string   `json:"oid"`
	App     string   `json:"azp"`
	Roles   []string `json:"roles"`
}

// Who reads the claims of a token; of one that cannot be read there are none.
func Who(token string) Claims {
	var c Claims
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return c
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(text, &c) != nil {
		return Claims{}
	}
	if c.Account == "" {
		c.Account = c.Email
	}
	if c.Account == "" {
		c.Account = c.OID
	}
	if c.Name == "" && c.App != "" {
		c.Name = "application " + c.App
	}
	return c
}
