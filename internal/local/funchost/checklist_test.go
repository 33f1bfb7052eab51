package funchost_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// checklist maps every line of the host's contract that this package answers
// for to the recordings (folder/name) and tests that prove it.
var checklist = []struct {
	claim string
	proof []string
}{
	// Process
	{"starts the handler only for an enabled function", []string{"process/start-no-functions", "TestDisabledFunctionsStartNoHandler"}},
	{"executable in the script root, else PATH", []string{"process/start-executable-in-script-root", "process/start-never-listens"}},
	{"empty executable is named", []string{"process/start-empty-executable-path", "TestEmptyExecutableIsNamedInStatus"}},
	{"working directory", []string{"process/start-executable-in-script-root", "process/process-start-environment"}},
	{"arguments", []string{"process/start-worker-path-and-arguments", "process/process-start-environment", "TestSplitArguments"}},
	{"environment, new worker id", []string{"process/process-start-environment", "TestWorkerIDChangesAndPortStays"}},
	{"a shell variable wins", []string{"TestShellVariableWinsOverSetting"}},
	{"404 and 500 are ready", []string{"process/start-ping-404-is-ready", "process/start-ping-500-is-ready"}},
	{"initialization timeout", []string{"process/start-never-listens"}},
	{"ping while starting, calls wait", []string{"TestPingAnswersWhileHandlerStarts", "process/start-slow-handler-invocations-wait"}},
	{"third failure ends the host", []string{"process/start-exits-1-every-time", "process/process-exit-1-during-request", "TestThirdFailureEndsTheHost", "TestFailuresFarApartDoNotEndTheHost"}},
	{"exit 200 is not counted", []string{"process/process-exit-200-during-request"}},
	{"exit 0, legacy and current", []string{"process/process-exit-0-during-request", "process/start-exits-0-every-time", "TestExitZeroCurrentRestarts"}},
	{"console levels", []string{"process/process-stdout-stderr-lines", "TestLongConsoleLinesAreCut"}},
	{"stop without a signal", []string{"process/host-sigterm-while-running"}},
	{"function timeout kills all", []string{"process/timeout-slow-handler", "process/timeout-kills-other-in-flight", "process/timeout-two-at-once", "TestHTTPTimeoutAnswers500"}},
	{"never ready ends the host", []string{"TestNeverReadyEndsTheHost"}},
	// Request, JSON protocol
	{"method and path", []string{"queue/queue-text-number"}},
	{"headers, id unique per attempt", []string{"queue/queue-text-number", "TestInvocationIDIsUniquePerAttempt"}},
	{"Data and Metadata", []string{"queue/queue-text-number"}},
	{"text is quoted twice", []string{"queue-ext5/ext5-queue-text-hello"}},
	{"JSON text is quoted twice", []string{"queue/queue-json-object"}},
	{"counts and times", []string{"queue/queue-text-number"}},
	{"scalars leak", []string{"queue/queue-json-object"}},
	{"names are overwritten, triggers dropped", []string{"queue/queue-json-object"}},
	{"no trigger in Metadata", []string{"queue/queue-text-number", "timer/timer-run-on-startup"}},
	{"sys", []string{"queue/queue-text-number"}},
	{"binary", []string{"queue/queue-binary-bytes"}},
	{"text that is no UTF-8", []string{"queue-ext5/ext5-queue-text-non-utf8"}},
	{"event is nested, dates untouched", []string{"eventgrid/eventgrid-single", "TestEventDatesAreLeftAlone"}},
	{"cardinality many", []string{"eventgrid/eventgrid-many-cardinality-two"}},
	{"two events in parallel", []string{"eventgrid/eventgrid-two-in-one-post", "TestEventsOfOnePostRunInParallel"}},
	{"timer object", []string{"timer/timer-every-minute-monitored", "timer/timer-every-10s-no-monitor"}},
	{"HTTP in the JSON protocol", []string{"http-json/http-json-get-query", "http-json/http-json-post-json", "http-json/http-json-post-chunked"}},
	{"forwarding", []string{"http-forward/forward-get-query", "http-forward/forward-status-302"}},
	{"proxying", []string{"http-proxy/proxy-get-query", "TestProxyStreamsTheAnswer", "http-proxy/proxy-handler-dies-mid-request", "TestProxySendsAShortBodyAgain"}},
	{"extra output uses JSON", []string{"http-forward/forward-extra-output-still-json", "http-proxy/proxy-extra-output-still-json"}},
	{"retry context", []string{"TestRetryPolicyTellsItsContext"}},
	// Response
	{"4xx and 5xx fail", []string{"response/response-404", "response/response-500-with-body"}},
	{"201 succeeds", []string{"response/response-201-empty-object"}},
	{"text/plain fails", []string{"response/response-text-plain-json"}},
	{"malformed fails", []string{"response/response-malformed-json"}},
	{"unknown keys succeed", []string{"response/response-unknown-keys"}},
	{"no result hangs", []string{"process/hang-204", "process/hang-empty-body-json", "process/hang-null-body"}},
	{"wrong case writes nothing", []string{"response/response-output-wrong-case-key"}},
	{"base64 trap", []string{"response/response-output-base64-looking-test"}},
	{"array of strings", []string{"response/response-output-array-of-strings"}},
	{"object is indented", []string{"response/response-output-object"}},
	{"JSON text is indented", []string{"response/response-output-json-text-object"}},
	{"base64 of bytes", []string{"response/response-output-base64-of-binary"}},
	{"queue is created, base64 on the wire", []string{"response/response-two-outputs"}},
	{"ReturnValue", []string{"response/response-returnvalue-object-no-return-binding", "response/response-returnvalue-scalar-no-return-binding"}},
	{"logs", []string{"response/response-logs-strings", "response/response-logs-numbers-bools", "response/response-logs-object-entry"}},
	{"one failing output", []string{"response/response-one-failing-output"}},
	{"HTTP output", []string{"http-json/http-res-status-string", "http-json/http-res-missing", "http-json/http-res-scalar-string", "http-json/http-res-handler-500"}},
	// Queue listener
	{"defaults and bounds", []string{"TestQueueDefaults", "TestBadQueueOptionsAreStartErrors", "TestBackoffDoublesToItsTop"}},
	{"concurrency", []string{"queue/queue-concurrency-defaults", "TestSerialProcessing"}},
	{"visibility and renewal", []string{"TestVisibilityIsRenewedWhileRunning"}},
	{"release after failure", []string{"queue/queue-visibility-timeout-and-max-dequeue-2", "response/response-500-then-200"}},
	{"poison after five", []string{"queue-ext5/ext5-queue-poison-after-five", "queue/queue-dequeue-count-6"}},
	{"no poison of poison", []string{"TestPoisonQueueHasNoPoisonQueue"}},
	{"bad base64, plain encoding", []string{"queue/queue-wire-not-base64", "queue-ext5/ext5-queue-wire-not-base64", "TestUndecodableMessageIn4xFailsFiveTimes", "queue-ext5/ext5-none-text"}},
	{"missing queue", []string{"queue/queue-created-after-start"}},
	{"killed handler, killed host", []string{"process/process-exit-200-during-request", "TestKilledHostLeavesMessageHidden"}},
	{"stale receipt", []string{"TestStaleReceiptIsNoFailure"}},
	{"wake on own writes", []string{"TestOwnWritesWakeTheListener"}},
	// Event Grid webhook
	{"handshake, both schemas", []string{"TestSubscriptionValidation"}},
	{"OPTIONS", []string{"eventgrid/cloudevent-options-handshake", "eventgrid/cloudevent-options-handshake-other-origin"}},
	{"unknown or disabled function", []string{"eventgrid/eventgrid-unknown-function", "TestDisabledEventFunctionIs404"}},
	{"no event type", []string{"eventgrid/eventgrid-missing-event-type-header"}},
	{"202 after the handler", []string{"eventgrid/eventgrid-slow-handler-waits"}},
	{"one of two fails", []string{"eventgrid/eventgrid-one-of-two-fails"}},
	{"unsubscribe", []string{"eventgrid/eventgrid-unsubscribe"}},
	{"keys", []string{"eventgrid/eventgrid-wrong-key", "eventgrid/eventgrid-master-key", "TestKeysGuardTheirDoors"}},
	// Timer, admin
	{"missed schedule", []string{"timer/timer-past-due-after-restart"}},
	{"no overlap", []string{"TestTimerNeverOverlaps"}},
	{"one host of two", []string{"TestOneOfTwoHostsRunsTheTimer", "TestLostHostsTimerMovesWithItsLease"}},
	{"run by hand", []string{"admin/admin-run-timer-empty-input", "TestAdminRunsFunctions"}},
	{"drain", []string{"admin/admin-drain-with-running-message", "admin/admin-drain-status"}},
}

// TestChecklistHasItsProofs finds every proof the checklist names: a recording
// by its file, a test by its declaration.
func TestChecklistHasItsProofs(t *testing.T) {
	t.Parallel()
	tests := declaredTests(t)
	for _, line := range checklist {
		for _, proof := range line.proof {
			if tests[proof] {
				continue
			}
			if _, err := os.Stat(filepath.Join("testdata", "golden", proof+".json")); err != nil || strings.HasPrefix(proof, "Test") {
				t.Errorf("%s: no proof %s", line.claim, proof)
			}
		}
	}
}

func declaredTests(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") {
				found[f.Name.Name] = true
			}
		}
	}
	return found
}
