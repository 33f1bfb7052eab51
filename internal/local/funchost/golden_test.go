package funchost_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// goldenScale is how much quicker than in the recordings scripted delays and
// time limits pass.
const goldenScale = 0.1

// golden is one recording.
type golden struct {
	Name   string `json:"name"`
	Source struct {
		Extension string `json:"extension"`
	} `json:"source"`
	Given struct {
		Wire     *string `json:"queueMessageWire"`
		Text     *string `json:"queueMessageText"`
		Function struct {
			Bindings []object `json:"bindings"`
		} `json:"function.json"`
		Queues  object       `json:"host.json extensions.queues"`
		HTTP    *rawExchange `json:"http"`
		Timeout string       `json:"functionTimeout"`
		Seconds float64      `json:"observedForSeconds"`
	} `json:"given"`
	Requests []struct {
		request
		Response response `json:"response"`
	} `json:"requests"`
	Observed struct {
		Invocations  int                       `json:"invocations"`
		InputCount   *int                      `json:"inputQueueCountAfter"`
		InputVisible []queueEntry              `json:"inputQueueVisibleAfter"`
		Poison       []queueEntry              `json:"poisonQueue"`
		Outputs      map[string][]queueEntry   `json:"outputQueues"`
		HTTP         *rawAnswer                `json:"httpResponse"`
		HostAlive    *bool                     `json:"hostAlive"`
		Starts       []struct{ Argv []string } `json:"handlerStarts"`
	} `json:"observed"`

	folder string
}

type queueEntry struct {
	Wire string `json:"wire"`
}

// byHand are the recordings whose set-up stands in prose or goes beyond one
// input: each is the test named beside it.
var byHand = map[string]func(*testing.T, golden){
	"queue-concurrency-defaults":                 goldenConcurrency,
	"queue-created-after-start":                  goldenCreatedAfterStart,
	"queue-dequeue-count-6":                      goldenDequeueCount6,
	"queue-options-batchsize-1":                  goldenQueueOptions,
	"queue-options-polling-too-small":            goldenQueueOptions,
	"queue-visibility-timeout-and-max-dequeue-2": goldenVisibility,
	"admin-drain-with-running-message":           goldenDrain,
	"admin-run-timer-empty-input":                goldenRunTimer,
	"host-sigterm-while-running":                 goldenSigterm,
	"process-start-environment":                  goldenEnvironment,
	"process-stdout-stderr-lines":                goldenConsole,
	"start-empty-executable-path":                goldenStart,
	"start-executable-in-script-root":            goldenStart,
	"start-exits-0-every-time":                   goldenStart,
	"start-exits-1-every-time":                   goldenStart,
	"start-missing-executable":                   goldenStart,
	"start-never-listens":                        goldenStart,
	"start-no-description":                       goldenStart,
	"start-no-functions":                         goldenStart,
	"start-not-executable":                       goldenStart,
	"start-ping-404-is-ready":                    goldenStart,
	"start-ping-500-is-ready":                    goldenStart,
	"start-slow-handler-invocations-wait":        goldenStart,
	"start-worker-path-and-arguments":            goldenStart,
	"timeout-kills-other-in-flight":              goldenTimeoutKillsOther,
	"timeout-two-at-once":                        goldenTimeoutTwo,
	"timer-every-10s-no-monitor":                 goldenTimerPlain,
	"timer-every-minute-monitored":               goldenTimerMonitored,
	"timer-past-due-after-restart":               goldenTimerPastDue,
	"timer-run-on-startup":                       goldenTimerStartup,
}

// TestGolden replays the recordings of the real host (testdata/golden, or the
// folder GOLDEN_DIR names): the same input, a handler that gives the same
// answers, and the same requests and effects demanded. Logs are not compared;
// delays and limits are a tenth. The recordings of blobTrigger are not here:
// the stand-in has no blobTrigger.
func TestGolden(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("GOLDEN_DIR")
	if dir == "" {
		dir = filepath.Join("testdata", "golden")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("recordings in %s: %d, %v", dir, len(files), err)
	}
	for _, file := range files {
		g := readGolden(t, file)
		if g.folder == "blob" { // in the folder GOLDEN_DIR may name
			continue
		}
		t.Run(g.folder+"/"+g.Name, func(t *testing.T) {
			switch replay, ok := byHand[g.Name]; {
			case ok:
				replay(t, g)
			case g.Given.HTTP != nil:
				goldenHTTP(t, g)
			case g.Given.Wire != nil || g.Given.Text != nil:
				goldenQueue(t, g)
			default:
				t.Fatal("a recording that no test knows how to replay")
			}
		})
	}
}

func readGolden(t *testing.T, file string) golden {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	g := golden{folder: filepath.Base(filepath.Dir(file))}
	if err := json.Unmarshal(raw, &g); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return g
}
