package config

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Tokens is how access tokens are checked.
type Tokens struct {
	Timeout time.Duration `envconfig:"TRE_ISSUER_TIMEOUT" app:"front" default:"5s" max:"1m" desc:"longest wait for an issuer's discovery document or keys; a person waits meanwhile"`
	Refetch time.Duration `envconfig:"TRE_KEYS_REFETCH" app:"front" default:"1m" desc:"least time between two fetches of an issuer's keys, however many unknown keys callers name; Entra publishes a key long before it signs with it"`
	Retry   time.Duration `envconfig:"TRE_KEYS_RETRY" app:"front" default:"3s" desc:"least time before the next fetch of keys after one that failed"`
	Fresh   time.Duration `envconfig:"TRE_KEYS_FRESH" app:"front" default:"1h" desc:"age from which keys are fetched again"`
	Stale   time.Duration `envconfig:"TRE_KEYS_STALE" app:"front" default:"24h" desc:"age up to which keys serve while their issuer cannot be reached; a withdrawn key works no longer than this"`
	Longest int           `envconfig:"TRE_MAX_TOKEN" app:"front" default:"32768" unit:"bytes" min:"1024" max:"1048576" desc:"longest token looked at; one of Entra's with 200 groups has about 10,000"`
}

// Directory is where people and their groups are looked up.
type Directory struct {
	Endpoint   Service       `envconfig:"TRE_GRAPH_ENDPOINT" app:"front" default:"https://graph.microsoft.com" desc:"Microsoft Graph, that of your cloud, asked with the app's identity; none where there is no directory: people are then not searched, and who is in more than 200 groups has no role through one"`
	Timeout    time.Duration `envconfig:"TRE_GRAPH_TIMEOUT" app:"front" default:"10s" max:"2m" desc:"longest wait for one question to it, retries included"`
	Retries    int           `envconfig:"TRE_GRAPH_RETRIES" app:"front" default:"2" max:"10" desc:"how often a question that met trouble (429, 5xx, no answer) is asked again within that time"`
	Pause      time.Duration `envconfig:"TRE_GRAPH_PAUSE" app:"front" default:"500ms" max:"1m" desc:"before a question is asked again, when the directory does not say how long; doubled each time"`
	GroupRetry time.Duration `envconfig:"TRE_GROUPS_RETRY" app:"front" default:"5s" max:"5m" desc:"after the directory could not tell a person's groups, how long it is not asked about them again; a client that got 503 waits as long"`
	GroupLife  time.Duration `envconfig:"TRE_GROUPS_LIFE" app:"front" default:"5m" max:"1h" desc:"how long a person's groups are remembered after the directory was asked; who is taken out of a group keeps its roles as long"`
	GroupsOf   int           `envconfig:"TRE_GROUPS_PEOPLE" app:"front" default:"1000" max:"100000" unit:"people" desc:"whose groups are remembered at once; each is up to half a megabyte, and usually ten kilobytes"`
}

// Service is the address of a service, or none where there is none.
type Service string

// none is what is written for a service that there is not.
const none = "none"

// Set reads the setting's text. Only a stand-in on this machine is asked without TLS.
func (s *Service) Set(text string) error {
	if strings.EqualFold(text, none) {
		*s = ""
		return nil
	}
	var u URL
	if err := u.Set(text); err != nil {
		return fmt.Errorf("%w, or none", err)
	}
	parsed, err := url.Parse(text)
	if err != nil || parsed.Scheme == "http" && !loopback(parsed.Hostname()) {
		return errors.New("not https, which only a service on this machine may do without")
	}
	*s = Service(u)
	return nil
}

// Here reports whether the service is a stand-in on this machine.
func (s Service) Here() bool {
	parsed, err := url.Parse(string(s))
	return err == nil && loopback(parsed.Hostname())
}

func loopback(host string) bool {
	return host == "localhost" || host == "127.0.0.1" || host == "::1"
}

// check tells what is wrong with the issuers taken together.
func (s SignIn) check() error {
	if len(s.Issuers) == 0 && len(s.Tenants) == 0 {
		return errors.New("TRE_TENANTS: not set: set the ids of the tenants whose people may sign in, or TRE_ISSUER")
	}
	return nil
}

// check tells what is wrong with the times taken together.
func (t Tokens) check() error {
	if t.Stale < t.Fresh || t.Fresh < t.Refetch {
		return errors.New("TRE_KEYS_STALE: must be at least TRE_KEYS_FRESH, and that at least TRE_KEYS_REFETCH")
	}
	return nil
}
