package airlockadvance_test

import (
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/ledger"
	"github.com/trefoil-tre/trefoil/internal/people"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
)

// Each row is a sentence: where a request stands so when its workspace is
// frozen, at the very end of its time, it stays so and keeps its files, although
// the engine still remembers the workspace as it was.
func TestFrozenAtTheDeadline(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		story func(w *roomtest.World, r airlock.Request) airlock.Request
		life  time.Duration
		then  airlock.Stage // once the freeze was lifted and as much time has passed again
	}{
		{"a draft", func(w *roomtest.World, r airlock.Request) airlock.Request { return r },
			time.Duration(airlock.DefaultPolicy.DraftLife), airlock.Cancelled},
		{"being sealed", func(w *roomtest.World, r airlock.Request) airlock.Request { w.Drop(r, "late", "x"); return w.Submit(r) },
			time.Duration(airlock.DefaultPolicy.WorkLife), airlock.Failed},
		{"in review", func(w *roomtest.World, r airlock.Request) airlock.Request {
			return w.Move(w.Seal(w.Submit(r)), airlock.Passed)
		}, time.Duration(airlock.DefaultPolicy.ReviewLife), airlock.Cancelled},
		{"rejected", func(w *roomtest.World, r airlock.Request) airlock.Request {
			return w.Move(w.Move(w.Move(w.Seal(w.Submit(r)), airlock.Passed), airlock.Reject), airlock.Withheld)
		}, time.Duration(airlock.DefaultPolicy.RetainFiles), airlock.Rejected},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := roomtest.New(t)
			r := w.Draft(airlock.Import)
			w.Ready(r, "a", "alpha")
			r = w.Told(tt.story(w, r))
			f := room(w)
			f.Ledger.Workspaces = &ledger.Remembered{Store: w.Spaces, For: time.Hour, Now: w.Now}
			look := func() airlock.Request {
				t.Helper()
				_, err := f.Handle(w.Context("airlockadvance"), order)
				w.Must(err)
				return w.Reload(r)
			}
			w.Pass(r.Since.Add(tt.life).Sub(w.Now()) - time.Second)
			before := look()
			freeze(w, &airlock.Freeze{By: roomtest.Olga, Role: access.WorkspaceOwner, At: w.Now(), Reason: "an incident"})
			w.Pass(2 * time.Second)
			if now := look(); now.Stage != before.Stage || now.Retired || len(now.Purges()) > len(before.Purges()) {
				t.Errorf("is %s (%s), retired %t", now.Stage, now.Message, now.Retired)
			}
			freeze(w, nil)
			w.Pass(2 * time.Hour) // nothing is remembered of it any more
			if now := look(); now.Stage != before.Stage || now.Retired {
				t.Errorf("after the freeze it is %s (%s), retired %t", now.Stage, now.Message, now.Retired)
			}
			w.Pass(tt.life)
			if now := look(); now.Stage != tt.then || now.Stage == airlock.Rejected && !now.Retired {
				t.Errorf("at its end it is %s (%s), retired %t", now.Stage, now.Message, now.Retired)
			}
		})
	}
}

// freeze freezes the workspace, or lifts it.
func freeze(w *roomtest.World, f *airlock.Freeze) {
	w.T.Helper()
	roll, err := w.Store.Roll(w.T.Context(), roomtest.Here)
	w.Must(err)
	if roll.Freeze = f; f == nil {
		roll.Resumed = w.Now()
	}
	_, err = w.Store.CommitRoll(w.T.Context(), people.Change{Workspace: roomtest.Here, Roll: roll})
	w.Must(err)
}
