package vault

import (
	"crypto/rand"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"time"
)

// recoverable is how long a deleted secret can be asked back.
// Source: https://learn.microsoft.com/azure/key-vault/general/soft-delete-overview
const recoverable = 90 * 24 * time.Hour

// secret is a name with its versions.
type secret struct {
	name     string
	versions []*version // the oldest first
	deleted  time.Time  // zero: it is not
	// changing is until when a deletion or a recovery is under way.
	changing time.Time
}

// version is one value of a secret.
type version struct {
	id, value, contentType string
	tags                   map[string]string
	enabled                bool
	created, updated       time.Time
	expires, notBefore     *int64
}

// attributes are how the API writes dates and states; times are Unix seconds.
type attributes struct {
	Enabled         *bool  `json:"enabled,omitempty"`
	NotBefore       *int64 `json:"nbf,omitempty"`
	Expires         *int64 `json:"exp,omitempty"`
	Created         int64  `json:"created,omitempty"`
	Updated         int64  `json:"updated,omitempty"`
	RecoveryLevel   string `json:"recoveryLevel,omitempty"`
	RecoverableDays int    `json:"recoverableDays,omitempty"`
}

// bundle is a secret as the API shows it.
type bundle struct {
	Value       *string           `json:"value,omitempty"`
	ID          string            `json:"id"`
	ContentType string            `json:"contentType,omitempty"`
	Attributes  attributes        `json:"attributes"`
	Tags        map[string]string `json:"tags,omitempty"`
	RecoveryID  string            `json:"recoveryId,omitempty"`
	DeletedDate int64             `json:"deletedDate,omitempty"`
	PurgeDate   int64             `json:"scheduledPurgeDate,omitempty"`
}

// bundle shows a version; with its value only where somebody reads it.
func (s *Server) bundle(sec *secret, v *version, withValue bool) bundle {
	b := bundle{ID: s.url + "/secrets/" + sec.name + "/" + v.id, ContentType: v.contentType, Tags: v.tags, Attributes: attributes{
		Enabled: &v.enabled, NotBefore: v.notBefore, Expires: v.expires, Created: v.created.Unix(), Updated: v.updated.Unix(),
		RecoveryLevel: "Recoverable+Purgeable", RecoverableDays: int(recoverable.Hours() / 24)}}
	if withValue {
		b.Value = &v.value
	}
	if !sec.deleted.IsZero() {
		b.RecoveryID = s.url + "/deletedsecrets/" + sec.name
		b.DeletedDate, b.PurgeDate = sec.deleted.Unix(), sec.deleted.Add(recoverable).Unix()
	}
	return b
}

// sorted are the keys of the secrets, in order. The lock is held.
func (s *Server) sorted() []string { return slices.Sorted(maps.Keys(s.secrets)) }

// live is a secret that is neither deleted nor being given back; nil when there is none. The lock is held.
func (s *Server) live(name string) *secret {
	sec := s.secrets[strings.ToLower(name)]
	if sec == nil || !sec.deleted.IsZero() || s.cfg.Now().Before(sec.changing) {
		return nil
	}
	return sec
}

// version is one version of a secret, the latest when none is named; nil when there is none. The lock is held.
func (s *Server) version(name, id string) *version {
	sec := s.live(name)
	if sec == nil {
		return nil
	}
	if id == "" {
		return sec.versions[len(sec.versions)-1]
	}
	i := slices.IndexFunc(sec.versions, func(v *version) bool { return strings.EqualFold(v.id, id) })
	if i < 0 {
		return nil
	}
	return sec.versions[i]
}

// newVersion is the name of a version.
func newVersion() string {
	b := make([]byte, 16)
	rand.Read(b) // never fails
	return hex.EncodeToString(b)
}
