package funchost

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// errConfig marks settings of the app that the host refuses at start.
var errConfig = errors.New("host configuration")

// Bounds that extensions.queues is held to.
// https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue#host-json
const (
	maxBatchSize     = 32
	defaultBatchSize = 16
	defaultMaxTries  = 5
	minPollSetting   = 100 * time.Millisecond
	developmentPoll  = 2 * time.Second // func start looks more often
)

// defaultFunctionTimeout is that of every plan but Consumption.
// https://learn.microsoft.com/azure/azure-functions/functions-scale#timeout
const defaultFunctionTimeout = 30 * time.Minute

// hostFile is host.json as far as the stand-in reads it.
type hostFile struct {
	FunctionTimeout string `json:"functionTimeout"`
	CustomHandler   *struct {
		Description struct {
			DefaultExecutablePath string   `json:"defaultExecutablePath"`
			WorkingDirectory      string   `json:"workingDirectory"`
			Arguments             []string `json:"arguments"`
			DefaultWorkerPath     string   `json:"defaultWorkerPath"`
			WorkerArguments       []string `json:"workerArguments"`
		} `json:"-"`
		RawDescription *json.RawMessage `json:"description"`
		Forward        bool             `json:"enableForwardingHttpRequest"`
		Proxy          bool             `json:"enableProxyingHttpRequest"`
		InitTimeout    string           `json:"initializationTimeout"`
		Port           int              `json:"port"`
	} `json:"customHandler"`
	Extensions struct {
		HTTP struct {
			RoutePrefix *string `json:"routePrefix"`
		} `json:"http"`
		Queues struct {
			BatchSize         *int   `json:"batchSize"`
			NewBatchThreshold *int   `json:"newBatchThreshold"`
			MaxDequeueCount   *int64 `json:"maxDequeueCount"`
			MaxPolling        string `json:"maxPollingInterval"`
			Visibility        string `json:"visibilityTimeout"`
			Encoding          string `json:"messageEncoding"`
		} `json:"queues"`
	} `json:"extensions"`
}

// config is the checked content of host.json.
type config struct {
	timeout     time.Duration // of a function; 0 is none
	routePrefix string
	forward     bool
	proxy       bool
	handler     *command // nil when no customHandler is described
	init        time.Duration
	port        int // 0: a free one
	queues      queueOptions
}

// queueOptions are extensions.queues.
type queueOptions struct {
	batchSize  int
	threshold  int // fetch again when no more than this many run
	maxTries   int64
	pollMax    time.Duration
	visibility time.Duration // after a failure
	plainText  bool          // messageEncoding "none"
}

func (h Host) loadConfig(s settings) (config, error) {
	raw, err := os.ReadFile(filepath.Join(h.Root, "host.json"))
	if err != nil {
		return config{}, fmt.Errorf("%w: %w", errConfig, err)
	}
	if raw, err = s.override(raw); err != nil {
		return config{}, fmt.Errorf("%w: host.json: %w", errConfig, err)
	}
	var f hostFile
	if err := json.Unmarshal(raw, &f); err != nil {
		return config{}, fmt.Errorf("%w: host.json: %w", errConfig, err)
	}
	c := config{routePrefix: "api", init: h.Times.Init, timeout: defaultFunctionTimeout}
	if f.Extensions.HTTP.RoutePrefix != nil {
		c.routePrefix = strings.Trim(*f.Extensions.HTTP.RoutePrefix, "/")
	}
	if f.FunctionTimeout != "" {
		if c.timeout, err = parseTimeout(f.FunctionTimeout); err != nil {
			return config{}, fmt.Errorf("%w: functionTimeout: %w", errConfig, err)
		}
	}
	if err := c.readHandler(f, s, h.Root); err != nil {
		return config{}, fmt.Errorf("%w: %w", errConfig, err)
	}
	if c.queues, err = h.readQueues(f, s); err != nil {
		return config{}, fmt.Errorf("%w: extensions.queues: %w", errConfig, err)
	}
	return c, nil
}

func (c *config) readHandler(f hostFile, s settings, root string) error {
	custom := f.CustomHandler
	if custom == nil {
		return nil
	}
	if custom.RawDescription == nil {
		return errors.New("missing worker Description") // HttpWorkerOptionsSetup
	}
	d := &custom.Description
	if err := json.Unmarshal(*custom.RawDescription, d); err != nil {
		return fmt.Errorf("customHandler.description: %w", err)
	}
	c.forward, c.proxy, c.port = custom.Forward, custom.Proxy, custom.Port
	if custom.InitTimeout != "" {
		init, err := parseSpan(custom.InitTimeout)
		if err != nil {
			return fmt.Errorf("initializationTimeout: %w", err)
		}
		c.init = init
	}
	handler, err := s.newCommand(root, description{
		executable: d.DefaultExecutablePath, directory: d.WorkingDirectory,
		arguments: d.Arguments, workerPath: d.DefaultWorkerPath, workerArguments: d.WorkerArguments,
	})
	c.handler = handler
	return err
}

func (h Host) readQueues(f hostFile, s settings) (queueOptions, error) {
	q := f.Extensions.Queues
	o := queueOptions{
		batchSize: defaultBatchSize, maxTries: defaultMaxTries, pollMax: h.Times.PollMax,
		plainText: strings.EqualFold(q.Encoding, "none"),
	}
	if env, _ := s.lookup("AZURE_FUNCTIONS_ENVIRONMENT"); strings.EqualFold(env, "Development") {
		o.pollMax = min(o.pollMax, developmentPoll)
	}
	if q.BatchSize != nil {
		o.batchSize = *q.BatchSize
	}
	if q.MaxDequeueCount != nil {
		o.maxTries = *q.MaxDequeueCount
	}
	o.threshold = max(1, o.batchSize/2) * h.Processors
	if q.NewBatchThreshold != nil {
		o.threshold = *q.NewBatchThreshold
	}
	var err error
	if q.MaxPolling != "" {
		if o.pollMax, err = parseSpan(q.MaxPolling); err != nil {
			return o, fmt.Errorf("maxPollingInterval: %w", err)
		}
	}
	if q.Visibility != "" {
		if o.visibility, err = parseSpan(q.Visibility); err != nil {
			return o, fmt.Errorf("visibilityTimeout: %w", err)
		}
	}
	return o, o.check(q.MaxPolling != "")
}

func (o queueOptions) check(pollSet bool) error {
	switch {
	case o.batchSize < 1 || o.batchSize > maxBatchSize:
		return fmt.Errorf("batchSize %d: not within 1-%d", o.batchSize, maxBatchSize)
	case o.threshold < 0:
		return fmt.Errorf("newBatchThreshold %d: negative", o.threshold)
	case o.maxTries < 1:
		return fmt.Errorf("maxDequeueCount %d: below 1", o.maxTries)
	case pollSet && o.pollMax < minPollSetting:
		return fmt.Errorf("maxPollingInterval %s: below %s", o.pollMax, minPollSetting)
	}
	return nil
}

// parseTimeout reads functionTimeout; -1 is no limit, told as 0.
func parseTimeout(text string) (time.Duration, error) {
	if text == "-1" {
		return 0, nil
	}
	return parseSpan(text)
}

// parseSpan reads a .NET TimeSpan of the form [d.]hh:mm:ss[.fffffff].
func parseSpan(text string) (time.Duration, error) {
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return 0, fmt.Errorf("time span %q: not hh:mm:ss", text)
	}
	days, hours, ok := strings.Cut(parts[0], ".")
	if !ok {
		days, hours = "0", parts[0]
	}
	var total time.Duration
	for _, p := range []struct {
		text string
		unit time.Duration
	}{{days, 24 * time.Hour}, {hours, time.Hour}, {parts[1], time.Minute}, {parts[2], time.Second}} {
		n, err := strconv.ParseFloat(p.text, 64)
		if err != nil || n < 0 {
			return 0, fmt.Errorf("time span %q: not hh:mm:ss", text)
		}
		total += time.Duration(n * float64(p.unit))
	}
	return total, nil
}
