// Package cli is the frame of the command line: what every command works with,
// how results and errors are written, and what the program ends with. Commands
// are in packages of their own, each made of a Context.
package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/trefoil-tre/trefoil/internal/cli/profile"
	"github.com/trefoil-tre/trefoil/internal/client"
	"github.com/trefoil-tre/trefoil/internal/console"
)

// Context is what every command works with. Nothing in it is opened or read
// before a command asks for it, so that the program starts at once.
type Context struct {
	In  io.Reader // answers to questions, and bodies named -
	Out io.Writer // results, and nothing else
	Err io.Writer // all that is said on the way

	Terminal Terminal
	Screen   *console.Screen // on Err: progress and notices
	Page     *console.Screen // on Out: tables
	Options  Options

	Version string
	Now     func() time.Time
	Zone    *time.Location // in which times are shown
	Getenv  func(string) string
	HTTP    *http.Client    // for everything; one that ends calls that hang
	Sign    Signer          // nil: only TRE_URL and TRE_TOKEN
	Keyring profile.Keyring // for tokens; nil: the system's

	typed *bufio.Reader // on In, for answers
}

// Terminal says which ends of the program are a person's.
type Terminal struct{ In, Out, Err bool }

// Options are the flags that every command has.
type Options struct {
	Output  string // table, json, jsonc, raw or none
	Query   string // JMESPath
	Profile string
	Verbose bool
}

// Signer knows where the API is and gets tokens for it.
type Signer interface {
	// Connection is how to call the API: its base address, which ends in /api,
	// and where access tokens come from. It returns an *Error with SignedOut
	// when nobody is signed in.
	Connection(ctx context.Context) (Connection, error)
}

// Connection is how to call the API.
type Connection struct {
	Base      string
	Token     func(ctx context.Context) (string, error)
	Workspace string // id of the one to use where none is named; "" for none
}

// callTime bounds one call of the API, in which a person sees nothing happen.
const callTime = 100 * time.Second

// New returns the context of this process.
func New(in, out, errs *os.File, getenv func(string) string, now func() time.Time) *Context {
	sink, page := &sink{to: out}, console.Open(out, getenv)
	page.Out = sink
	return &Context{In: in, Out: sink, Err: errs,
		Terminal: Terminal{In: isTerminal(in), Out: isTerminal(out), Err: isTerminal(errs)},
		Screen:   console.Open(errs, getenv), Page: page,
		Now: now, Zone: time.Local, Getenv: getenv, HTTP: HTTP()}
}

// sink keeps the first error of what is written to it: tables do not look at
// theirs one by one.
type sink struct {
	to  io.Writer
	err error
}

func (s *sink) Write(p []byte) (int, error) {
	n, err := s.to.Write(p)
	if err != nil && s.err == nil {
		s.err = err
	}
	return n, err
}

// Written is err, or when there is none the error of a result that did not get
// to where it was to be written, such as a disk that is full.
func (c *Context) Written(err error) error {
	if s, ok := c.Out.(*sink); ok && err == nil && s.err != nil {
		return fmt.Errorf("the result is not written: %w", s.err)
	}
	return err
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// May tells whether questions can be asked: somebody sees them and can answer.
func (c *Context) May() bool { return c.Terminal.In && c.Terminal.Err }

// Persist adds the flags that every command has.
func (c *Context) Persist(root *cobra.Command) {
	f := root.PersistentFlags()
	f.StringVarP(&c.Options.Output, "output", "o", "", "how to write results: table, json, jsonc, raw or none (default table; or TRECLI_OUTPUT)")
	f.StringVarP(&c.Options.Query, "query", "q", "", "JMESPath query to apply to the result, see https://jmespath.org")
	f.StringVar(&c.Options.Profile, "profile", "", "profile to use (default TRE_PROFILE, else the one last signed in with)")
	f.BoolVar(&c.Options.Verbose, "verbose", false, "say on standard error which calls are made")
	_ = root.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp)) // fails only for unknown flags
	_ = root.RegisterFlagCompletionFunc("query", cobra.NoFileCompletions)
}

// Connect returns how to call the API. TRE_URL and TRE_TOKEN win over what was
// signed in with.
func (c *Context) Connect(ctx context.Context) (Connection, error) {
	address, token := c.Getenv("TRE_URL"), c.Getenv("TRE_TOKEN")
	if address != "" && token != "" {
		base, err := Base(address)
		return Connection{Base: base, Workspace: c.Getenv("TRE_WORKSPACE"),
			Token: func(context.Context) (string, error) { return token, nil }}, err
	}
	if c.Sign == nil {
		return Connection{}, NotSignedIn()
	}
	conn, err := c.Sign.Connection(ctx)
	if err != nil {
		return Connection{}, err
	}
	if workspace := c.Getenv("TRE_WORKSPACE"); workspace != "" {
		conn.Workspace = workspace
	}
	return conn, nil
}

// API returns a client of the API for whom is signed in.
func (c *Context) API(ctx context.Context) (*client.Client, error) {
	conn, err := c.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return c.Client(conn), nil
}

// Client calls the API over a connection.
func (c *Context) Client(conn Connection) *client.Client {
	return &client.Client{Base: conn.Base, Token: conn.Token, HTTP: c.HTTP, Trace: c.trace}
}

// trace tells of a call where somebody wants to know. What a query holds may be
// a secret, so that only the path is said.
func (c *Context) trace(req *http.Request, status int, took time.Duration) {
	if c.Options.Verbose {
		c.Screen.Line("%s", c.Screen.Paint(console.Dim, req.Method+" "+req.URL.Path+" "+statusText(status)+" "+console.Took(took)))
	}
}
