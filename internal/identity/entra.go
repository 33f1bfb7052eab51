package identity

import (
	"fmt"
	"net/url"
	"strings"
)

// EntraIssuers are the issuers of Entra tenants, of version 2.0 and version 1.0
// tokens, for the cloud whose sign-in address is authority. Which version an
// API gets is a setting of its registration (requestedAccessTokenVersion). A
// tenant is named by its id: names such as common or a domain are in no token.
// https://learn.microsoft.com/entra/identity-platform/access-tokens
func EntraIssuers(authority string, tenants []string) (Issuers, error) {
	base := strings.TrimRight(authority, "/")
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.Path != "" {
		return Issuers{}, fmt.Errorf("authority %q is no address such as https://login.microsoftonline.com", authority)
	}
	all := Issuers{Discovery: map[string]string{}}
	for _, tenant := range tenants {
		id, ok := canonicalUUID(tenant)
		if !ok {
			return Issuers{}, fmt.Errorf("tenant %q is no tenant id, which is a UUID", tenant)
		}
		all.Accepted = append(all.Accepted, base+"/"+id+"/v2.0")
		if sts, ok := stsOf[u.Host]; ok {
			v1 := "https://" + sts + "/" + id + "/"
			all.Accepted = append(all.Accepted, v1)
			all.Discovery[v1] = base + "/" + id
		}
	}
	return all, nil
}

// Issuers are `iss` values and where each of them is asked for its keys.
type Issuers struct {
	Accepted  []string          // exact `iss` values; the first is where people sign in
	Discovery map[string]string // base address of the discovery document; a missing one is the issuer's own
}

// stsOf names who issues version 1.0 tokens, by the host of the authority.
// https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud
var stsOf = map[string]string{
	"login.microsoftonline.com":        "sts.windows.net",
	"login.microsoftonline.us":         "sts.windows.net",
	"login.partner.microsoftonline.cn": "sts.chinacloudapi.cn",
	"login.chinacloudapi.cn":           "sts.chinacloudapi.cn",
}

// TenantOf is the tenant that an issuer speaks for: the UUID in its path, ""
// where there is none.
func TenantOf(issuer string) string {
	u, err := url.Parse(issuer)
	if err != nil {
		return ""
	}
	for part := range strings.SplitSeq(u.Path, "/") {
		if id, ok := canonicalUUID(part); ok {
			return id
		}
	}
	return ""
}

// versionOf is what `ver` says in an Entra issuer's tokens, "" if nobody knows.
func versionOf(issuer string) string {
	switch u, err := url.Parse(issuer); {
	case err != nil || TenantOf(issuer) == "":
		return ""
	case strings.HasSuffix(u.Path, "/v2.0"):
		return "2.0"
	case strings.HasPrefix(u.Host, "sts."):
		return "1.0"
	}
	return ""
}

// from holds a token's tenant and version against its issuer: the issuers of
// all tenants and versions sign with the same keys.
func (c *claims) from(issuer string) error {
	if tenant := TenantOf(issuer); tenant != "" && !strings.EqualFold(tenant, c.TID) {
		return refused("issuer does not speak for tenant %q", c.TID)
	}
	if version := versionOf(issuer); version != "" && c.Ver != "" && c.Ver != version {
		return refused("version %q from the issuer of the other version", c.Ver)
	}
	return nil
}
