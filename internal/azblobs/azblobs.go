// Package azblobs knows the storage accounts that hold files: how each is
// reached, who signs links to it, and what its errors mean. It is what azdesk
// and azfiles share, and touches no container or blob itself.
package azblobs

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/aztrace"
)

// DefaultPattern is the blob service of an account in Azure's public cloud.
const DefaultPattern = "https://{account}.blob.core.windows.net"

// Config says how accounts are reached. An account goes either by a connection
// string, whose account key signs links, or by its name, which is asked with an
// identity; then a user delegation key signs.
type Config struct {
	// AirlockConnection is the airlock account's connection string; else
	// AirlockEndpoint is its blob service.
	AirlockConnection string
	AirlockEndpoint   string
	// WorkspaceConnections are connection strings of workspace accounts. Where
	// there are any, no other workspace account can be reached, but by one of an
	// account {account}: it is every account's, with {account} for its name, as in
	// emulators, whose accounts may share a key.
	WorkspaceConnections []string
	// WorkspaceEndpoint is the blob service of a workspace account, with
	// {account} for its name; "" means DefaultPattern.
	WorkspaceEndpoint string

	Credential azcore.TokenCredential // the identity; nil means azidentity's default, which asks nobody before the first call
	Transport  policy.Transporter     // what carries requests; nil means the SDK's own
	KeyLife    time.Duration          // how long a user delegation key is asked for; 0 means 4 h, Azure gives at most 7 days
	Now        func() time.Time       // clock of links
}

// Accounts finds accounts by the names that places use. It is safe for
// concurrent use.
type Accounts struct {
	config     Config
	credential azcore.TokenCredential // nil while no account needs it
	every      string                 // connection string of all accounts that have none of their own; "" where there is none

	mu    sync.Mutex
	known map[string]*account
}

// account is one storage account.
type account struct {
	client *service.Client
	key    *service.SharedKeyCredential // nil: delegation signs
	keys   delegation
}

// ErrAccount means that there is no way to an account of that name.
var ErrAccount = errors.New("no such storage account")

// accountName is what Azure allows.
// https://learn.microsoft.com/azure/storage/common/storage-account-overview#storage-account-name
var accountName = regexp.MustCompile(`^[a-z0-9]{3,24}$`)

// New returns the way to the accounts of c. It does not use the network.
func New(c Config) (*Accounts, error) {
	if c.WorkspaceEndpoint == "" {
		c.WorkspaceEndpoint = DefaultPattern
	}
	if c.KeyLife == 0 {
		c.KeyLife = defaultKeyLife
	}
	a := &Accounts{config: c, credential: c.Credential, known: map[string]*account{}}
	for _, text := range c.WorkspaceConnections {
		if strings.Contains(text, "AccountName="+placeholder+";") {
			a.every = text
			text = strings.ReplaceAll(text, placeholder, "any")
			if _, _, err := a.byConnection(text); err != nil {
				return nil, fmt.Errorf("workspace accounts: %w", err)
			}
			continue
		}
		name, made, err := a.byConnection(text)
		if err != nil {
			return nil, fmt.Errorf("workspace account: %w", err)
		}
		a.known[name] = made
	}
	if c.Credential == nil && (c.AirlockConnection == "" || len(c.WorkspaceConnections) == 0) {
		identity, err := azidentity.NewDefaultAzureCredential(nil)
		if err != nil {
			return nil, fmt.Errorf("identity: %w", err)
		}
		a.credential = identity
	}
	made, err := a.airlock(c)
	if err != nil {
		return nil, fmt.Errorf("airlock account: %w", err)
	}
	a.known[airlock.AirlockAccount] = made
	return a, nil
}

func (a *Accounts) airlock(c Config) (*account, error) {
	switch {
	case c.AirlockConnection != "":
		_, made, err := a.byConnection(c.AirlockConnection)
		return made, err
	case c.AirlockEndpoint == "":
		return nil, errors.New("neither connection string nor endpoint")
	}
	return a.byIdentity(c.AirlockEndpoint)
}

// byConnection makes an account of a connection string. Its errors never quote
// the string, which holds the key.
func (a *Accounts) byConnection(text string) (name string, made *account, err error) {
	fields := map[string]string{}
	for part := range strings.SplitSeq(text, ";") {
		key, value, _ := strings.Cut(part, "=")
		fields[strings.ToLower(strings.TrimSpace(key))] = value
	}
	name = fields["accountname"]
	key, err := service.NewSharedKeyCredential(name, fields["accountkey"])
	if err != nil || name == "" || fields["accountkey"] == "" {
		return "", nil, errors.New("connection string without account name and key")
	}
	client, err := service.NewClientFromConnectionString(text, a.options())
	if err != nil {
		return "", nil, errors.New("connection string is malformed")
	}
	return name, &account{client: client, key: key}, nil
}

func (a *Accounts) byIdentity(endpoint string) (*account, error) {
	client, err := service.NewClient(endpoint, a.credential, a.options())
	if err != nil {
		return nil, err
	}
	return &account{client: client}, nil
}

func (a *Accounts) options() *service.ClientOptions {
	options := &service.ClientOptions{ClientOptions: aztrace.Options("blob")}
	options.Transport = a.config.Transport
	return options
}

// find returns the account of that name, or ErrAccount.
func (a *Accounts) find(name string) (*account, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if found, ok := a.known[name]; ok {
		return found, nil
	}
	if !accountName.MatchString(name) || a.every == "" && len(a.config.WorkspaceConnections) > 0 {
		return nil, fmt.Errorf("%.24q: %w", name, ErrAccount)
	}
	made, err := a.make(name)
	if err != nil {
		return nil, fmt.Errorf("account %q: %w", name, err)
	}
	a.known[name] = made
	return made, nil
}

// placeholder stands for an account's name.
const placeholder = "{account}"

// make returns the way to an account that was not asked for before.
func (a *Accounts) make(name string) (*account, error) {
	if a.every == "" {
		return a.byIdentity(strings.ReplaceAll(a.config.WorkspaceEndpoint, placeholder, name))
	}
	_, made, err := a.byConnection(strings.ReplaceAll(a.every, placeholder, name))
	return made, err
}

// Service is the client of an account; ErrAccount when there is none.
func (a *Accounts) Service(name string) (*service.Client, error) {
	found, err := a.find(name)
	if err != nil {
		return nil, err
	}
	return found.client, nil
}

// Container is the client of a container; ErrAccount when there is no such
// account. Whether there is such a container is not asked.
func (a *Accounts) Container(place airlock.Place) (*container.Client, error) {
	found, err := a.find(place.Account)
	if err != nil {
		return nil, err
	}
	return found.client.NewContainerClient(place.Container), nil
}

// statusOf is the HTTP status of the service's answer; 0 when it gave none.
func statusOf(err error) (status int, code string) {
	if answer, ok := errors.AsType[*azcore.ResponseError](err); ok {
		return answer.StatusCode, answer.ErrorCode
	}
	return 0, ""
}

// leaseTrouble begins the codes by which a lease is in the way.
const leaseTrouble = "Lease"

func changed(status int, code string) bool {
	return status == http.StatusPreconditionFailed && !strings.HasPrefix(code, leaseTrouble)
}
