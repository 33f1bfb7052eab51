package doorman_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/doorman"
	"github.com/trefoil-tre/trefoil/internal/fault"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
)

// Each row is a sentence: a topic is, or is not, one of these.
func TestFrom(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, topic string
		topics      []string
		ok          bool
	}{
		{"the same", "/a/b", []string{"/x", "/a/b"}, true},
		{"in capitals", "/A/B", []string{"/a/b"}, true},
		{"longer", "/a/bc", []string{"/a/b"}, false},
		{"of any ending", "/a/bc", []string{"/a/b*"}, true},
		{"of no ending", "/a/b", []string{"/a/b*"}, true},
		{"shorter than the beginning", "/a", []string{"/a/b*"}, false},
		{"none", "", []string{"/a/b"}, false},
		{"of nothing", "/a/b", nil, false},
	}
	for _, tt := range tests {
		if err := doorman.From(tt.topic, tt.topics); (err == nil) != tt.ok || err != nil && !errors.Is(err, doorman.ErrForeign) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func FuzzCutSubject(f *testing.F) {
	f.Add("/blobServices/default/containers/c/blobs/a/blobs/b", "/blobServices/default/containers/")
	f.Add("/blobs/", "")
	f.Fuzz(func(t *testing.T, subject, prefix string) {
		container, name, err := doorman.CutSubject(subject, prefix)
		if err == nil && (prefix+container+"/blobs/"+name != subject || container == "") {
			t.Errorf("%q is taken apart into %q and %q", subject, container, name)
		}
		if err != nil && !errors.Is(err, doorman.ErrForeign) {
			t.Error(err)
		}
	})
}

// The workspace's account is asked for once, and trouble is no refusal.
func TestLocate(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	d := &doorman.Doorman{AirlockAccount: roomtest.OutsideName, Workspaces: w.Spaces, Refusals: w.Ledger.Refusals, Now: w.Now}
	box := airlock.Container{Kind: airlock.DraftFiles, Key: airlock.Key{Workspace: roomtest.Here, Request: roomtest.RequestID}, Number: 1}
	w.Faults.Fail(1, false)
	if _, err := d.Locate(t.Context(), roomtest.HereAccount, box.String(), "x"); !errors.Is(err, roomtest.ErrAway) || errors.Is(err, doorman.ErrForeign) {
		t.Errorf("storage away: %v", err)
	}
	w.Faults.Fail(0, false)
	for range 3 {
		b, err := d.Locate(t.Context(), roomtest.HereAccount, box.String(), "x")
		if err != nil || b != (doorman.Blob{Account: roomtest.HereAccount, Container: box, Name: "x"}) {
			t.Errorf("%+v, %v", b, err)
		}
	}
	if n := len(w.Faults.Calls()); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// What is foreign is refused with a line that is small, whatever was sent;
// anything else passes as it is.
func TestRefuse(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	d := &doorman.Doorman{Refusals: w.Ledger.Refusals, Now: w.Now}
	ev := azfunc.Event{ID: "e", EventType: strings.Repeat("t", 5000)}
	if err := d.Refuse(w.Context("f"), ev, nil); err != nil {
		t.Error(err)
	}
	if err := d.Refuse(w.Context("f"), ev, roomtest.ErrAway); fault.KindOf(err) != fault.Retry || len(w.Strange()) > 0 {
		t.Errorf("trouble: %v", err)
	}
	huge := errors.Join(errors.New(strings.Repeat("ü", 1<<20)), doorman.ErrForeign)
	if err := d.Refuse(w.Context("f"), ev, huge); fault.KindOf(err) != fault.Refused {
		t.Errorf("foreign: %v", err)
	}
	lines := w.Strange()
	if len(lines) != 1 || len(lines[0].Reason) > 500 || len(lines[0].Detail) > 200 || lines[0].Actor.Name != "f" || lines[0].Workspace != "system" {
		t.Errorf("kept %d lines", len(lines))
	}
	w.Faults.Fail(1, false)
	if err := d.Refuse(w.Context("f"), azfunc.Event{ID: "other"}, doorman.ErrForeign); fault.KindOf(err) != fault.Retry {
		t.Errorf("a refusal that could not be kept: %v", err)
	}
}
