package vault

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// asked is what a caller sends.
type asked struct {
	Value       *string           `json:"value"`
	ContentType *string           `json:"contentType"`
	Attributes  attributes        `json:"attributes"`
	Tags        map[string]string `json:"tags"`
}

// change takes over what a caller says about a version.
func (v *version) change(a asked) {
	if a.ContentType != nil {
		v.contentType = *a.ContentType
	}
	if a.Tags != nil {
		v.tags = a.Tags
	}
	if a.Attributes.Enabled != nil {
		v.enabled = *a.Attributes.Enabled
	}
	if a.Attributes.Expires != nil {
		v.expires = a.Attributes.Expires
	}
	if a.Attributes.NotBefore != nil {
		v.notBefore = a.Attributes.NotBefore
	}
}

func decode(r *http.Request) (asked, *refusal) {
	var a asked
	if err := json.NewDecoder(r.Body).Decode(&a); err != nil {
		return a, &refusal{http.StatusBadRequest, "BadParameter", "The request body is not valid JSON.", ""}
	}
	return a, nil
}

func (s *Server) set(r *http.Request, _ string) (any, *refusal) {
	name := r.PathValue("name")
	a, refused := decode(r)
	if refused != nil {
		return nil, refused
	}
	if a.Value == nil || len(*a.Value) > maxValue {
		return nil, &refusal{http.StatusBadRequest, "BadParameter", fmt.Sprintf("The secret must have a value of at most %d bytes.", maxValue), ""}
	}
	if refused := s.busy(name); refused != nil {
		return nil, refused
	}
	sec, v := s.add(name, newVersion(), *a.Value)
	v.change(a)
	return s.bundle(sec, v, true), nil
}

// add adds a version. The lock is held.
func (s *Server) add(name, id, value string) (*secret, *version) {
	sec := s.secrets[strings.ToLower(name)]
	if sec == nil {
		sec = &secret{name: name}
		s.secrets[strings.ToLower(name)] = sec
	}
	now := s.cfg.Now()
	v := &version{id: id, value: value, enabled: true, created: now, updated: now}
	sec.versions = append(sec.versions, v)
	return sec, v
}

func (s *Server) get(r *http.Request, principal string) (any, *refusal) {
	name := r.PathValue("name")
	v := s.version(name, r.PathValue("version"))
	switch {
	case v == nil:
		return nil, notFound(name)
	case !v.enabled:
		return nil, &refusal{http.StatusForbidden, "Forbidden", "Operation get is not allowed on a disabled secret.", "SecretDisabled"}
	}
	s.noteRead(Read{principal, name, v.id})
	return s.bundle(s.live(name), v, true), nil
}

func (s *Server) update(r *http.Request, _ string) (any, *refusal) {
	name := r.PathValue("name")
	a, refused := decode(r)
	if refused != nil {
		return nil, refused
	}
	v := s.version(name, r.PathValue("version"))
	if v == nil {
		return nil, notFound(name)
	}
	v.change(a)
	v.updated = s.cfg.Now()
	return s.bundle(s.live(name), v, false), nil
}

func (s *Server) list(r *http.Request, _ string) (any, *refusal) {
	all := []bundle{}
	for _, k := range s.sorted() {
		if sec := s.live(k); sec != nil {
			b := s.bundle(sec, sec.versions[len(sec.versions)-1], false)
			b.ID = b.ID[:strings.LastIndexByte(b.ID, '/')]
			all = append(all, b)
		}
	}
	return page(s, r, all), nil
}

func (s *Server) listVersions(r *http.Request, _ string) (any, *refusal) {
	all := []bundle{}
	if sec := s.live(r.PathValue("name")); sec != nil {
		for _, v := range sec.versions {
			all = append(all, s.bundle(sec, v, false))
		}
	}
	return page(s, r, all), nil
}

func (s *Server) remove(r *http.Request, _ string) (any, *refusal) {
	name := r.PathValue("name")
	if refused := s.busy(name); refused != nil {
		return nil, refused
	}
	sec := s.live(name)
	if sec == nil {
		return nil, notFound(name)
	}
	sec.deleted, sec.changing = s.cfg.Now(), s.settled()
	return s.bundle(sec, sec.versions[len(sec.versions)-1], false), nil
}

// gone is a secret that was deleted and whose deletion has ended. The lock is held.
func (s *Server) gone(name string) (*secret, *refusal) {
	sec := s.secrets[strings.ToLower(name)]
	if sec == nil || sec.deleted.IsZero() {
		return nil, &refusal{http.StatusNotFound, "SecretNotFound", "Deleted Secret not found: " + name, ""}
	}
	if s.cfg.Now().Before(sec.changing) {
		return nil, conflict(name, "being deleted", "ObjectIsBeingDeleted")
	}
	return sec, nil
}

func (s *Server) getDeleted(r *http.Request, _ string) (any, *refusal) {
	sec, refused := s.gone(r.PathValue("name"))
	if refused != nil {
		return nil, refused
	}
	return s.bundle(sec, sec.versions[len(sec.versions)-1], false), nil
}

func (s *Server) recover(r *http.Request, _ string) (any, *refusal) {
	sec, refused := s.gone(r.PathValue("name"))
	if refused != nil {
		return nil, refused
	}
	sec.deleted, sec.changing = time.Time{}, s.settled()
	return s.bundle(sec, sec.versions[len(sec.versions)-1], false), nil
}

func (s *Server) purge(r *http.Request, _ string) (any, *refusal) {
	if _, refused := s.gone(r.PathValue("name")); refused != nil {
		return nil, refused
	}
	delete(s.secrets, strings.ToLower(r.PathValue("name")))
	return nil, nil
}
