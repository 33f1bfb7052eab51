package azurite

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
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

// Family is the account whose key serves every account of workspaces that are made while Azurite runs: their names
// are not known before, and Azurite learns accounts only at its start.
const Family = "*"

// familyNames are the names that our templates give such accounts: "st" and a suffix of the resource.
const familyNames = "^st[a-z2-7]{20}$"

var familyName = regexp.MustCompile(familyNames)

// InFamily tells whether an account of that name exists by the Family's key.
func InFamily(account string) bool { return familyName.MatchString(account) }

// KeyOf is an account's key in base64, out of the keys of Endpoints; empty for an account that does not exist.
func KeyOf(keys map[string]string, account string) string {
	if key, ok := keys[account]; ok && account != Family {
		return key
	}
	if InFamily(account) {
		return keys[Family]
	}
	return ""
}

// Key is the account's key in base64, empty for an account that does not exist.
func (e Endpoints) Key(account string) string { return KeyOf(e.Accounts, account) }

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
	key := e.Key(account)
	if key == "" {
		panic("azurite: no such account: " + account)
	}
	return e.connection(account, key)
}

// FamilyConnection is a connection string of every account of the Family, with {account} for its name.
func (e Endpoints) FamilyConnection() string { return e.connection("{account}", e.Accounts[Family]) }

func (e Endpoints) connection(account, key string) string {
	return fmt.Sprintf("DefaultEndpointsProtocol=http;AccountName=%s;AccountKey=%s;BlobEndpoint=%s;QueueEndpoint=%s;TableEndpoint=%s;",
		account, key, e.BlobURL(account), e.QueueURL(account), e.TableURL(account))
}
