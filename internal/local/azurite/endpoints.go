package azurite

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
)

// EnvName is the environment variable that names a running Azurite to child processes: either the JSON form of
// Endpoints or the path of a file that holds it.
const EnvName = "TREFOIL_AZURITE"

// Endpoints says where an Azurite listens and who may sign there. It holds account keys: never log it.
type Endpoints struct {
	// Blob, Queue and Table are base URLs without an account and without a trailing slash.
	Blob  string `json:"blob"`
	Queue string `json:"queue"`
	Table string `json:"table"`
	// Accounts maps an account name to its key (base64, as in a connection string).
	Accounts map[string]string `json:"accounts"`
}

// ParseEndpoints reads the value of EnvName: JSON, or the path of a JSON file.
func ParseEndpoints(value string) (Endpoints, error) {
	data := []byte(value)
	if !strings.HasPrefix(strings.TrimSpace(value), "{") {
		var err error
		if data, err = os.ReadFile(value); err != nil {
			return Endpoints{}, fmt.Errorf("azurite endpoints: %w", err)
		}
	}
	var e Endpoints
	if err := json.Unmarshal(data, &e); err != nil {
		// The decoder's text may quote the value, and the value holds keys.
		return Endpoints{}, fmt.Errorf("azurite endpoints: %s is not valid JSON", EnvName)
	}
	if e.Blob == "" || e.Queue == "" || e.Table == "" || len(e.Accounts) == 0 {
		return Endpoints{}, errors.New("azurite endpoints: blob, queue, table and accounts are all needed")
	}
	return e, nil
}

// Environ is the environment entry ("NAME=value") that hands these endpoints to a child process.
func (e Endpoints) Environ() string {
	data, err := json.Marshal(e)
	if err != nil {
		panic(err) // strings and a map of strings always marshal
	}
	return EnvName + "=" + string(data)
}

// Key is the account's key in base64, empty for an account that does not exist.
func (e Endpoints) Key(account string) string { return e.Accounts[account] }

// BlobURL is the account's blob service, path style, without a trailing slash.
func (e Endpoints) BlobURL(account string) string { return e.Blob + "/" + account }

// QueueURL is the account's queue service, path style, without a trailing slash.
func (e Endpoints) QueueURL(account string) string { return e.Queue + "/" + account }

// TableURL is the account's table service, path style, without a trailing slash.
func (e Endpoints) TableURL(account string) string { return e.Table + "/" + account }

// WithBlob is a copy of e whose blob service is elsewhere, such as behind the storage gateway.
func (e Endpoints) WithBlob(baseURL string) Endpoints {
	e.Blob = strings.TrimSuffix(baseURL, "/")
	return e
}

// ConnectionString is the account's connection string in the form the SDKs and the Functions host read.
// It panics on an account that this Azurite does not have: that is a mistake in the caller's wiring.
func (e Endpoints) ConnectionString(account string) string {
	key, ok := e.Accounts[account]
	if !ok {
		panic("azurite: no such account: " + account)
	}
	return fmt.Sprintf("DefaultEndpointsProtocol=http;AccountName=%s;AccountKey=%s;BlobEndpoint=%s;QueueEndpoint=%s;TableEndpoint=%s;",
		account, key, e.BlobURL(account), e.QueueURL(account), e.TableURL(account))
}
