package stack

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/trefoil-tre/trefoil/internal/access"
)

// Info says where everything is, for scripts: the content of local.json. It
// holds keys of this machine's own storage, so the file is its owner's alone.
type Info struct {
	API        string          `json:"api"` // base address under which AzureTRE's paths stand
	Portal     string          `json:"portal"`
	Issuer     string          `json:"issuer"`
	Mail       string          `json:"mail"` // answers the inbox as JSON
	EventGrid  string          `json:"eventGrid"`
	Topic      TopicInfo       `json:"topic"`
	Storage    []AccountInfo   `json:"storage"`
	Users      []UserInfo      `json:"users"`
	Workspaces []WorkspaceInfo `json:"workspaces"`
}

// AccountInfo is a storage account. What is uploaded through its blob endpoint
// is announced and scanned as in Azure.
type AccountInfo struct {
	Name             string    `json:"name"`
	Endpoints        Endpoints `json:"endpoints"`
	ConnectionString string    `json:"connectionString"`
}

// Endpoints are an account's services, without a slash at their ends.
type Endpoints struct {
	Blob  string `json:"blob"`
	Queue string `json:"queue"`
	Table string `json:"table"`
}

// UserInfo is somebody who can sign in.
type UserInfo struct {
	Key   string    `json:"key"`
	Name  string    `json:"name"`
	Email string    `json:"email"`
	OID   string    `json:"oid"`
	Token TokenInfo `json:"token"`
}

// TokenInfo is a form POST that answers {"access_token": …}.
type TokenInfo struct {
	URL  string            `json:"url"`
	Form map[string]string `json:"form"`
}

// WorkspaceInfo is a seeded workspace.
type WorkspaceInfo struct {
	ID          string                   `json:"id"`
	DisplayName string                   `json:"displayName"`
	Storage     string                   `json:"storage"` // account
	Members     map[access.Role][]string `json:"members"` // keys of users
}

// Info describes the running stack.
func (s *Stack) Info() Info {
	info := Info{API: s.APIURL(), Portal: s.PortalURL(), Issuer: s.Issuer.URL(), Mail: s.Inbox.URL() + "/mail", EventGrid: s.Grid.URL(),
		Topic: TopicInfo{Endpoint: s.topicEndpoint, Key: s.topicKey, CAFile: s.caFile()}}
	accounts := s.accounts()
	for _, w := range s.Workspaces {
		accounts = append(accounts, w.Storage)
	}
	for _, account := range accounts {
		info.Storage = append(info.Storage, AccountInfo{Name: account, ConnectionString: s.Storage.ConnectionString(account),
			Endpoints: Endpoints{Blob: s.Storage.BlobURL(account), Queue: s.Storage.QueueURL(account), Table: s.Storage.TableURL(account)}})
	}
	for _, u := range s.Issuer.Users() {
		form := map[string]string{}
		for field, values := range s.Issuer.TokenForm(u.Key) {
			form[field] = values[0]
		}
		info.Users = append(info.Users, UserInfo{Key: u.Key, Name: u.Name, Email: u.Email, OID: u.OID,
			Token: TokenInfo{URL: s.Issuer.TokenURL(), Form: form}})
	}
	for _, w := range s.Workspaces {
		info.Workspaces = append(info.Workspaces, WorkspaceInfo{ID: w.ID, DisplayName: w.DisplayName, Storage: w.Storage, Members: w.Members})
	}
	return info
}

// Write puts the information into a file for its owner alone, whole or not at
// all.
func (i Info) Write(path string) error {
	text, err := json.MarshalIndent(i, "", "  ")
	if err != nil {
		return fmt.Errorf("local information: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("local information: %w", err)
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".local-") // mode 0600
	if err != nil {
		return fmt.Errorf("local information: %w", err)
	}
	_, err = file.Write(append(text, '\n'))
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("local information: %w", err), os.Remove(file.Name()))
	}
	return nil
}

// User finds a user by key.
func (i Info) User(key string) (UserInfo, bool) {
	for _, u := range i.Users {
		if u.Key == key {
			return u, true
		}
	}
	return UserInfo{}, false
}
