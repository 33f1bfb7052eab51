package funchost

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/local/funchost/ncrontab"
)

// The binding types the stand-in knows.
const (
	queueTrigger     = "queueTrigger"
	eventGridTrigger = "eventGridTrigger"
	timerTrigger     = "timerTrigger"
	httpTrigger      = "httpTrigger"
	queueOutput      = "queue"
	httpOutput       = "http"
)

// returnBinding is the name of the output that takes ReturnValue.
const returnBinding = "$return"

// functionName is what the host allows as a folder name (Utility.cs).
var functionName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_\-]{0,127}$`)

// binding is one entry of function.json.
type binding struct {
	Type       string   `json:"type"`
	Direction  string   `json:"direction"`
	Name       string   `json:"name"`
	DataType   string   `json:"dataType"`
	Connection string   `json:"connection"`
	QueueName  string   `json:"queueName"`
	Schedule   string   `json:"schedule"`
	RunOnStart bool     `json:"runOnStartup"`
	UseMonitor *bool    `json:"useMonitor"`
	Card       string   `json:"cardinality"`
	AuthLevel  string   `json:"authLevel"`
	Route      *string  `json:"route"`
	Methods    []string `json:"methods"`
}

func (b binding) is(kind string) bool { return strings.EqualFold(b.Type, kind) }
func (b binding) binary() bool        { return strings.EqualFold(b.DataType, "binary") }

// function is one loaded function.
type function struct {
	name     string // the folder's exact name
	trigger  binding
	outputs  []binding
	schedule ncrontab.Schedule // of a timer
	retry    retryPolicy
	disabled bool
	raw      json.RawMessage // function.json as it stands
}

type functionFile struct {
	Bindings []binding  `json:"bindings"`
	Disabled bool       `json:"disabled"`
	Retry    *retryFile `json:"retry"`
}

// loadFunctions reads <folder>/function.json of every direct child of root. A
// function that cannot be read is reported and left out, as the host does; the
// others run.
func loadFunctions(root string, s settings) ([]*function, error) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, fmt.Errorf("script root: %w", err)
	}
	var (
		all  []*function
		errs []error
	)
	for _, entry := range entries {
		raw, err := os.ReadFile(filepath.Join(root, entry.Name(), "function.json"))
		if err != nil {
			continue // a folder without function.json is no function
		}
		f, err := s.newFunction(entry.Name(), raw)
		if err != nil {
			errs = append(errs, fmt.Errorf("function %s: %w", entry.Name(), err))
			continue
		}
		all = append(all, f)
	}
	return all, errors.Join(errs...)
}

func (s settings) newFunction(name string, raw []byte) (*function, error) {
	if !functionName.MatchString(name) {
		return nil, errors.New("not a valid function name")
	}
	var file functionFile
	if err := json.Unmarshal(raw, &file); err != nil {
		return nil, err
	}
	f := &function{name: name, raw: raw, disabled: file.Disabled || s.disabled(name)}
	var err error
	if f.retry, err = newRetryPolicy(file.Retry); err != nil {
		return nil, err
	}
	for _, b := range file.Bindings {
		if err := f.add(b, s); err != nil {
			return nil, fmt.Errorf("binding %q: %w", b.Name, err)
		}
	}
	if f.trigger.Type == "" {
		return nil, errors.New("no trigger binding")
	}
	return f, nil
}

func (f *function) add(b binding, s settings) error {
	var err error
	if b.QueueName, err = s.expand(b.QueueName); err != nil {
		return err
	}
	triggers := []string{queueTrigger, eventGridTrigger, timerTrigger, httpTrigger}
	switch {
	case slices.ContainsFunc(triggers, b.is):
		if f.trigger.Type != "" {
			return errors.New("a second trigger")
		}
		f.trigger = b
		return f.checkTrigger(s)
	case b.is(queueOutput) || b.is(httpOutput):
		f.outputs = append(f.outputs, b)
		return nil
	}
	return fmt.Errorf("type %q is not supported by the stand-in", b.Type)
}

func (f *function) checkTrigger(s settings) error {
	switch t := f.trigger; {
	case t.is(queueTrigger):
		return checkQueueName(t.QueueName)
	case t.is(timerTrigger):
		text, err := s.expand(t.Schedule)
		if err != nil {
			return err
		}
		f.schedule, err = ncrontab.Parse(text)
		return err
	}
	return nil
}

// plainHTTP reports whether the function has exactly an HTTP trigger and an
// HTTP output: only then the handler may get the raw request.
func (f *function) plainHTTP() bool {
	return f.trigger.is(httpTrigger) && len(f.outputs) == 1 && f.outputs[0].is(httpOutput)
}

// fullName is how the WebJobs SDK calls the function in messages and blobs.
func (f *function) fullName() string { return "Functions." + f.name }

// queueNames are 3 to 63 lower-case letters, digits and single dashes.
// https://learn.microsoft.com/rest/api/storageservices/naming-queues-and-metadata
var queueNames = regexp.MustCompile(`^[a-z0-9](-?[a-z0-9]){2,62}$`)

func checkQueueName(name string) error {
	if !queueNames.MatchString(name) || len(name) > 63 {
		return fmt.Errorf("queue name %q: not a valid name", name)
	}
	return nil
}
