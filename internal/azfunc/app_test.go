package azfunc_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/azfunc"
)

type job struct {
	Request string `json:"request"`
}

type outputs struct {
	Next   *job  `json:"next"`
	Notice []job `json:"notice,omitempty"`
}

type none struct{}

func does[In, Out any](context.Context, In) (out Out, err error) { return out, nil }

func TestFunctionsTellTheirBindings(t *testing.T) {
	t.Parallel()
	var a azfunc.App
	azfunc.Add(&a, "airlockadvance", "order", does[job, outputs])
	azfunc.Add(&a, "sweep", "tick", does[azfunc.Tick, none])
	a.HTTP("api", http.NotFoundHandler())
	if err := a.Check(); err != nil {
		t.Fatal(err)
	}
	type card struct {
		Name, Trigger string
		Outputs       []string
		HTTP          bool
	}
	var got []card
	for _, f := range a.Functions() {
		got = append(got, card{f.Name, f.Trigger, f.Outputs(), f.HTTP()})
	}
	want := []card{
		{"airlockadvance", "order", []string{"next", "notice"}, false},
		{"sweep", "tick", nil, false},
		{"api", "", nil, true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("functions (-want +got):\n%s", diff)
	}
}

// refusedFunctions are registrations that must not start.
var refusedFunctions = []struct {
	name string
	add  func(*azfunc.App)
	want string
}{
	{"bare string output", func(a *azfunc.App) {
		azfunc.Add(a, "f", "t", does[job, struct {
			S string `json:"s"`
		}])
	}, "must be a pointer to a struct"},
	{"strings", func(a *azfunc.App) {
		azfunc.Add(a, "f", "t", does[job, struct {
			S []string `json:"s"`
		}])
	}, "must be a pointer to a struct"},
	{"pointer to string", func(a *azfunc.App) {
		azfunc.Add(a, "f", "t", does[job, struct {
			S *string `json:"s"`
		}])
	}, "must be a pointer to a struct"},
	{"raw JSON", func(a *azfunc.App) {
		azfunc.Add(a, "f", "t", does[job, struct {
			S json.RawMessage `json:"s"`
		}])
	}, "must be a pointer to a struct"},
	{"anything", func(a *azfunc.App) {
		azfunc.Add(a, "f", "t", does[job, struct {
			S any `json:"s"`
		}])
	}, "must be a pointer to a struct"},
	{"struct by value", func(a *azfunc.App) {
		azfunc.Add(a, "f", "t", does[job, struct {
			S job `json:"s"`
		}])
	}, "must be a pointer to a struct"},
	{"no json name", func(a *azfunc.App) { azfunc.Add(a, "f", "t", does[job, struct{ S *job }]) }, "needs a json name"},
	{"hidden", func(a *azfunc.App) {
		azfunc.Add(a, "f", "t", does[job, struct {
			s *job
		}])
	}, "must be exported"},
	{"outputs no struct", func(a *azfunc.App) { azfunc.Add(a, "f", "t", does[job, []job]) }, "must be a struct"},
	{"input no struct", func(a *azfunc.App) { azfunc.Add(a, "f", "t", does[string, none]) }, "must be a struct"},
	{"input with a host's field", func(a *azfunc.App) {
		azfunc.Add(a, "f", "t", does[struct {
			N int `json:"dequeueCount"`
		}, none])
	}, "replace the host's own"},
	{"no trigger", func(a *azfunc.App) { azfunc.Add(a, "f", "", does[job, none]) }, "no trigger"},
	{"no handler", func(a *azfunc.App) { azfunc.Add[job, none](a, "f", "t", nil) }, "no handler"},
	{"no HTTP handler", func(a *azfunc.App) { a.HTTP("f", nil) }, "no handler"},
	{"upper case", func(a *azfunc.App) { azfunc.Add(a, "airlockAdvance", "t", does[job, none]) }, "one lower-case word"},
	{"path", func(a *azfunc.App) { a.HTTP("api/v1", http.NotFoundHandler()) }, "one lower-case word"},
	{"name twice", func(a *azfunc.App) {
		azfunc.Add(a, "f", "t", does[job, none])
		a.HTTP("f", http.NotFoundHandler())
	}, "registered twice"},
}

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range refusedFunctions {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var a azfunc.App
			test.add(&a)
			if err := a.Check(); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Check = %v, want %q", err, test.want)
			}
			if err := a.ListenAndServe(t.Context()); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("ListenAndServe = %v, want %q", err, test.want)
			}
		})
	}
}

func TestCheckTellsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	var a azfunc.App
	azfunc.Add(&a, "F", "", does[string, []job])
	err := a.Check()
	if err == nil || strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("Check = %v, want four lines", err)
	}
}
