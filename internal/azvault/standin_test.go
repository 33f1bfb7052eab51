package azvault_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	azfake "github.com/Azure/azure-sdk-for-go/sdk/azcore/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets/fake"
)

const host = "kv-mytre.vault.azure.net"

// identity has a token for everybody.
type identity struct{}

func (identity) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "t", ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// standin is a vault on the SDK's own fake server.
type standin struct {
	fake *fake.ServerTransport

	mu       sync.Mutex
	versions map[string][]azsecrets.Secret
	deleted  map[string][]azsecrets.Secret
	asked    map[string]bool // deleted ones that were asked back
	reads    int
	say      map[string]answer // method → what is said instead, always
	said     int
}

// answer is one answer as it goes over the wire.
type answer struct {
	status int
	header http.Header
	body   string
}

// refusal is one that the fake server is to give.
type refusal struct{ answer }

func (refusal) Error() string { return "refused" }

func refuse(status int, code, inner string) refusal {
	body, _ := json.Marshal(map[string]any{"error": map[string]any{"code": code, "message": "in words", "innererror": map[string]any{"code": inner}}})
	return refusal{answer{status: status, body: string(body)}}
}

func start() *standin {
	s := &standin{versions: map[string][]azsecrets.Secret{}, deleted: map[string][]azsecrets.Secret{}, asked: map[string]bool{}}
	s.fake = fake.NewServerTransport(&fake.Server{
		SetSecret: func(_ context.Context, name string, p azsecrets.SetSecretParameters, _ *azsecrets.SetSecretOptions) (resp azfake.Responder[azsecrets.SetSecretResponse], errResp azfake.ErrorResponder) {
			if s.deleted[name] != nil {
				errResp.SetError(refuse(http.StatusConflict, "Conflict", "ObjectIsDeletedButRecoverable"))
				return resp, errResp
			}
			resp.SetResponse(http.StatusOK, azsecrets.SetSecretResponse{Secret: s.tagged(name, s.keep(name, *p.Value, *p.ContentType), p.Tags)}, nil)
			return resp, errResp
		},
		GetSecret: func(_ context.Context, name, version string, _ *azsecrets.GetSecretOptions) (resp azfake.Responder[azsecrets.GetSecretResponse], errResp azfake.ErrorResponder) {
			s.reads++
			for _, v := range s.versions[name] {
				if version == "" || v.ID.Version() == version {
					resp.SetResponse(http.StatusOK, azsecrets.GetSecretResponse{Secret: v}, nil)
					return resp, errResp
				}
			}
			errResp.SetError(refuse(http.StatusNotFound, "SecretNotFound", ""))
			return resp, errResp
		},
		DeleteSecret: func(_ context.Context, name string, _ *azsecrets.DeleteSecretOptions) (resp azfake.Responder[azsecrets.DeleteSecretResponse], errResp azfake.ErrorResponder) {
			if s.versions[name] == nil {
				errResp.SetError(refuse(http.StatusNotFound, "SecretNotFound", ""))
				return resp, errResp
			}
			s.deleted[name] = s.versions[name]
			delete(s.versions, name)
			resp.SetResponse(http.StatusOK, azsecrets.DeleteSecretResponse{}, nil)
			return resp, errResp
		},
		RecoverDeletedSecret: func(_ context.Context, name string, _ *azsecrets.RecoverDeletedSecretOptions) (resp azfake.Responder[azsecrets.RecoverDeletedSecretResponse], errResp azfake.ErrorResponder) {
			if s.asked[name] {
				errResp.SetError(refuse(http.StatusConflict, "Conflict", "ObjectIsBeingRecovered"))
			}
			s.asked[name] = true
			resp.SetResponse(http.StatusOK, azsecrets.RecoverDeletedSecretResponse{}, nil)
			return resp, errResp
		},
		NewListSecretPropertiesPager: func(*azsecrets.ListSecretPropertiesOptions) (resp azfake.PagerResponder[azsecrets.ListSecretPropertiesResponse]) {
			for name, versions := range s.versions { // a page each
				v := versions[len(versions)-1]
				resp.AddPage(http.StatusOK, azsecrets.ListSecretPropertiesResponse{SecretPropertiesListResult: azsecrets.SecretPropertiesListResult{
					Value: []*azsecrets.SecretProperties{{ID: to.Ptr(azsecrets.ID("https://" + host + "/secrets/" + name)), ContentType: v.ContentType, Attributes: v.Attributes, Tags: v.Tags}}}}, nil)
			}
			return resp
		},
		NewListSecretPropertiesVersionsPager: func(name string, _ *azsecrets.ListSecretPropertiesVersionsOptions) (resp azfake.PagerResponder[azsecrets.ListSecretPropertiesVersionsResponse]) {
			for _, v := range s.versions[name] { // a page each
				resp.AddPage(http.StatusOK, azsecrets.ListSecretPropertiesVersionsResponse{SecretPropertiesListResult: azsecrets.SecretPropertiesListResult{
					Value: []*azsecrets.SecretProperties{{ID: v.ID, ContentType: v.ContentType, Attributes: v.Attributes}}}}, nil)
			}
			if len(s.versions[name]) == 0 {
				resp.AddPage(http.StatusOK, azsecrets.ListSecretPropertiesVersionsResponse{}, nil)
			}
			return resp
		},
	})
	return s
}

// keep adds a version. The caller's call holds the lock, or it is the test.
func (s *standin) keep(name, value, kind string) azsecrets.Secret {
	version := fmt.Sprintf("%032x", len(s.versions[name])+1)
	kept := azsecrets.Secret{ID: to.Ptr(azsecrets.ID("https://" + host + "/secrets/" + name + "/" + version)), Value: &value, ContentType: &kind,
		Attributes: &azsecrets.SecretAttributes{Enabled: to.Ptr(true), Created: to.Ptr(time.Date(2026, 11, 22, 9, 0, len(s.versions[name]), 0, time.UTC))}}
	s.versions[name] = append(s.versions[name], kept)
	return kept
}

// tagged gives the version that was added last its tags.
func (s *standin) tagged(name string, v azsecrets.Secret, tags map[string]*string) azsecrets.Secret {
	v.Tags = tags
	s.versions[name][len(s.versions[name])-1] = v
	return v
}

func (s *standin) disable(name string) {
	for _, v := range s.versions[name] {
		v.Attributes.Enabled = to.Ptr(false)
	}
}

// recover gives back what was asked for.
func (s *standin) recover() {
	for name := range s.asked {
		s.versions[name] = s.deleted[name]
		delete(s.deleted, name)
	}
}

// Do answers one request.
func (s *standin) Do(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if req.Header.Get("Authorization") == "" { // Key Vault says where tokens for it are to be had
		return wire(req, answer{status: http.StatusUnauthorized, header: http.Header{"Www-Authenticate": {
			`Bearer authorization="https://login.microsoftonline.com/7f0c0000-0000-4000-8000-000000000001", resource="https://vault.azure.net"`}}}), nil
	}
	if a, ok := s.say[req.Method]; ok {
		s.said++
		return wire(req, a), nil
	}
	resp, err := s.fake.Do(req)
	if refused, ok := errors.AsType[refusal](err); ok {
		return wire(req, refused.answer), nil
	}
	return resp, err
}

func wire(req *http.Request, a answer) *http.Response {
	header := a.header.Clone()
	if header == nil {
		header = http.Header{}
	}
	header.Set("Content-Type", "application/json")
	return &http.Response{StatusCode: a.status, Status: fmt.Sprintf("%d %s", a.status, http.StatusText(a.status)), Header: header, Request: req,
		Body: io.NopCloser(bytes.NewReader([]byte(a.body))), ContentLength: int64(len(a.body))}
}
