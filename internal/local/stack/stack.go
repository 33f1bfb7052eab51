// Package stack is Azure on one machine: it starts Azurite behind the storage
// gateway, Event Grid, Defender, the OpenID provider, the mail inbox and two
// Functions hosts that run the same staged app as front and engine, each with
// only its own settings. The product does not know the difference: only
// endpoints and credentials in its settings differ.
package stack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/local/arm"
	"github.com/trefoil-tre/trefoil/internal/local/azurite"
	"github.com/trefoil-tre/trefoil/internal/local/defender"
	"github.com/trefoil-tre/trefoil/internal/local/directory"
	"github.com/trefoil-tre/trefoil/internal/local/eventgrid"
	"github.com/trefoil-tre/trefoil/internal/local/funchost"
	"github.com/trefoil-tre/trefoil/internal/local/gateway"
	"github.com/trefoil-tre/trefoil/internal/local/inbox"
	"github.com/trefoil-tre/trefoil/internal/local/issuer"
	"github.com/trefoil-tre/trefoil/internal/local/vault"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Config says how to run the stack. Root, App and Now are required.
type Config struct {
	Root string // repository: where node_modules is
	App  string // staged app: build/app
	Dir  string // where data is kept between runs; empty: a temporary folder, removed at the end

	Azurite *azurite.Endpoints // one that runs already, as in tests; nil starts one
	Prefix  string             // begins the names of all accounts, where several stacks share an Azurite
	Ports   Ports
	Pace    Pace
	// CoreTools runs the apps under Azure Functions Core Tools (func) instead of
	// the stand-in; OnInvocation then hears nothing.
	CoreTools bool
	Clamd     string // address of a clamd to scan with; empty: EICAR by content

	Gateway  gateway.Unkind   // what storage does to make life hard
	ARM      arm.Unkind       // what Resource Manager does
	Grid     eventgrid.Unkind // what Event Grid does
	Scanner  func(gateway.Blob) (defender.Outcome, bool)
	Policy   airlock.Policy    // of both workspaces; zero fields take the defaults
	Settings map[string]string // override the apps' settings

	Log          *slog.Logger // the hosts' and handlers' lines; nil discards
	OnInvocation func(app string, call funchost.Invocation)
	OnStep       func(text string) // told what is being started; may be nil
	Now          func() time.Time
}

// Ports are loopback ports; 0 means any free one.
type Ports struct {
	Front, Issuer, Mail int
}

// Pace is how fast time runs in the stand-ins. The zero value is Azure's own.
type Pace struct {
	Host          funchost.Times
	Grid          eventgrid.Times
	ARM           arm.Pace      // zero: nothing takes time
	DeletedName   time.Duration // how long a deleted container's name is taken; 0 means 30 s
	SweepSchedule string        // NCRONTAB; empty: the setting's default
	Polling       time.Duration // longest pause between two looks at an empty queue; 0 means host.json's
}

// Stack is everything, running.
type Stack struct {
	cfg        Config
	dir        string
	temporary  bool
	Storage    azurite.Endpoints // blobs behind the gateway
	Direct     azurite.Endpoints // blobs without the gateway: nobody hears of them
	Issuer     *issuer.Server
	Directory  *directory.Server
	Inbox      *inbox.Server
	Grid       *eventgrid.Server
	ARM        *arm.Server
	Vault      *vault.Server
	Gateway    *gateway.Gateway
	Front      *Supervised
	Engine     *Supervised
	Workspaces []Workspace
	closers    []func() error
	kept       kept
	made       *made
	letters    *azblob.Client    // of the account of dead letters
	front      map[string]string // environment of the apps' managed identities
	engine     map[string]string

	topicEndpoint, topicKey string // of our own topic
	eventKey                string // of the front's webhook
}

// Start starts everything and returns when all of it answers. What was started
// is stopped when something fails.
func Start(ctx context.Context, cfg Config) (*Stack, error) {
	s := &Stack{cfg: cfg, dir: cfg.Dir, Workspaces: slices.Clone(Seed)}
	for i := range s.Workspaces {
		s.Workspaces[i].Storage = "st" + workspace.Suffix(s.TRE(), s.Workspaces[i].ID, 1)
	}
	if s.cfg.Log == nil {
		s.cfg.Log = slog.New(slog.DiscardHandler)
	}
	for _, part := range []struct {
		name  string
		start func(context.Context) error
	}{
		{"folder", s.startFolder}, {"people (OpenID provider)", s.startPeople}, {"directory (Microsoft Graph)", s.startDirectory},
		{"mail (SMTP inbox)", s.startMail},
		{"events (Event Grid)", s.startEvents}, {"Azure (Resource Manager, Key Vault)", s.startCloud},
		{"storage (Azurite, gateway, Defender)", s.startStorage},
		{"people and templates", s.seed}, {"what was in Azure", s.restore}, {"front and engine (Functions hosts)", s.startApps},
		{"event subscriptions", s.subscribe}, {"two workspaces", s.deploySeed}, {"notes for the next run", s.remember},
	} {
		if cfg.OnStep != nil {
			cfg.OnStep(part.name)
		}
		err := part.start(ctx)
		if err == nil {
			err = ctx.Err() // asked to stop meanwhile
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", part.name, err), s.Close())
		}
	}
	return s, nil
}

// Close stops everything that was started, the last first.
func (s *Stack) Close() error {
	var failed []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		failed = append(failed, s.closers[i]())
	}
	s.closers = nil
	return errors.Join(failed...)
}

func (s *Stack) onClose(f func() error) { s.closers = append(s.closers, f) }

func (s *Stack) startFolder(context.Context) error {
	if s.dir == "" {
		dir, err := os.MkdirTemp("", "trefoil-")
		if err != nil {
			return err
		}
		s.dir, s.temporary = dir, true
		s.onClose(func() error { return os.RemoveAll(dir) })
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	return s.recall()
}

func (s *Stack) startPeople(ctx context.Context) error {
	users := make([]issuer.User, 0, len(People))
	for _, p := range People {
		users = append(users, issuer.User{Key: p.Key, Name: p.Name, Email: p.Email, Roles: p.Roles, Groups: p.Groups})
	}
	var err error
	s.Issuer, err = issuer.Start(context.WithoutCancel(ctx), issuer.Config{Listen: loopback(s.cfg.Ports.Issuer), Audience: Audience,
		Users: users, Now: s.cfg.Now, Logger: s.cfg.Log,
		Clients: []issuer.Client{
			{ID: PortalClient, Redirects: []string{s.PortalURL() + "/signin/callback"}, SignedOut: []string{s.PortalURL() + "/"}},
			{ID: CLIClient, Native: true, Redirects: []string{"http://127.0.0.1/callback", "http://localhost/callback", "http://localhost"}},
			{ID: RobotClient, Secret: RobotSecret, Service: true, Roles: []string{"TREUser"}},
		}})
	if err == nil {
		s.onClose(s.Issuer.Close)
	}
	return err
}

func (s *Stack) startDirectory(ctx context.Context) error {
	var users []directory.User
	for _, u := range s.Issuer.Users() {
		users = append(users, directory.User{ID: u.OID, DisplayName: u.Name, PrincipalName: u.Email, Mail: u.Email, Enabled: true, Groups: u.Groups})
	}
	var err error
	if s.Directory, err = directory.Start(context.WithoutCancel(ctx), directory.Config{Users: users, Now: s.cfg.Now}); err == nil {
		s.onClose(s.Directory.Close)
	}
	return err
}

func (s *Stack) startMail(ctx context.Context) error {
	// Close is what ends it: the engine may still send while it stops.
	cfg := inbox.Config{HTTP: loopback(s.cfg.Ports.Mail), Mode: inbox.StartTLS, Now: s.cfg.Now, Logger: s.cfg.Log,
		Username: "trefoil", Password: mailPassword}
	if !s.temporary {
		cfg.Folder = filepath.Join(s.dir, "mail")
	}
	var err error
	if s.Inbox, err = inbox.Start(context.WithoutCancel(ctx), cfg); err == nil {
		s.onClose(s.Inbox.Close)
	}
	return err
}

// FrontURL is where the front app answers.
func (s *Stack) FrontURL() string { return fmt.Sprintf("http://127.0.0.1:%d", s.cfg.Ports.Front) }

// PortalURL is where people go.
func (s *Stack) PortalURL() string { return s.FrontURL() + "/portal" }

// APIURL is the base address under which AzureTRE's paths stand.
func (s *Stack) APIURL() string { return s.FrontURL() + "/api" }
