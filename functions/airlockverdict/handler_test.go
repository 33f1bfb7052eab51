package airlockverdict_test

import (
	"testing"

	"github.com/trefoil-tre/trefoil/functions/airlockverdict"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/fault"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
)

func room(w *roomtest.World) airlockverdict.Function {
	return airlockverdict.Function{Ledger: w.Ledger, Files: w.Rows, Desk: w.Desk}
}

func order(name, etag, result string) message.Verdict {
	return message.Verdict{Workspace: roomtest.Here, Request: roomtest.RequestID, Account: airlock.AirlockAccount, Kind: "draft", Turn: 1,
		Name: name, ETag: etag, Result: result, Trace: "trace"}
}

const clean, malicious = "No threats found", "Malicious"

// Each row is a sentence: a verdict in this situation is kept as that class of
// the file called "a…", and a look is ordered where somebody waits.
func TestVerdict(t *testing.T) {
	t.Parallel()
	const content = "alpha"
	tests := []struct {
		name string
		set  func(w *roomtest.World, r airlock.Request) message.Verdict
		want airlock.VerdictClass
		look bool
		kind fault.Kind
	}{
		{"before the inspection", func(w *roomtest.World, r airlock.Request) message.Verdict {
			return order("a", w.Drop(r, "a", content).ETag, clean)
		}, airlock.Clean, false, fault.None},
		{"after the inspection", func(w *roomtest.World, r airlock.Request) message.Verdict {
			b := w.Drop(r, "a", content)
			w.Put(r, airlock.File{Name: "a", ETag: b.ETag, Inspection: w.Inspected(content)})
			return order("a", b.ETag, malicious)
		}, airlock.Malicious, true, fault.None},
		{"on what was submitted", func(w *roomtest.World, r airlock.Request) message.Verdict {
			b := w.Drop(r, "a", content)
			w.Recorded(w.Submit(r))
			return order("a", b.ETag, clean)
		}, airlock.Clean, true, fault.None},
		{"on what was submitted and will be looked at for the first time", func(w *roomtest.World, r airlock.Request) message.Verdict {
			b := w.Drop(r, "a", content)
			w.Submit(r)
			return order("a", b.ETag, clean)
		}, airlock.Clean, false, fault.None},
		{"twice, on what was submitted", func(w *roomtest.World, r airlock.Request) message.Verdict {
			b := w.Ready(r, "a", content)
			w.Recorded(w.Submit(r))
			return order("a", b.ETag, clean)
		}, airlock.Clean, true, fault.None},
		{"clean after malware", func(w *roomtest.World, r airlock.Request) message.Verdict {
			b := w.Drop(r, "a", content)
			w.Put(r, airlock.File{Name: "a", ETag: b.ETag, Verdict: &airlock.Verdict{Class: airlock.Malicious}})
			return order("a", b.ETag, clean)
		}, airlock.Malicious, false, fault.None},
		{"clean after malware in other bytes", func(w *roomtest.World, r airlock.Request) message.Verdict {
			b := w.Drop(r, "a", content)
			w.Put(r, airlock.File{Name: "a", ETag: b.ETag, Inspection: w.Inspected(content), Verdict: &airlock.Verdict{Class: airlock.Malicious, SHA256: "00"}})
			return order("a", b.ETag, clean)
		}, airlock.Clean, false, fault.None},
		{"clean, of other bytes", func(w *roomtest.World, r airlock.Request) message.Verdict {
			b := w.Drop(r, "a", content)
			w.Put(r, airlock.File{Name: "a", ETag: b.ETag, Inspection: w.Inspected(content)})
			m := order("a", b.ETag, clean)
			m.SHA256 = "00"
			return m
		}, airlock.Stale, false, fault.None},
		{"malware, in other bytes", func(w *roomtest.World, r airlock.Request) message.Verdict {
			b := w.Ready(r, "a", content)
			m := order("a", b.ETag, malicious)
			m.SHA256 = "00"
			return m
		}, airlock.Clean, false, fault.None},
		{"malware after a clean verdict", func(w *roomtest.World, r airlock.Request) message.Verdict {
			return order("a", w.Ready(r, "a", content).ETag, malicious)
		}, airlock.Malicious, true, fault.None},
		{"malware in what was submitted and is listed while it is written down", func(w *roomtest.World, r airlock.Request) message.Verdict {
			b := w.Ready(r, "a", content)
			r = w.Submit(r)
			w.Faults.Before("Files.Put", func() {
				w.Faults.Before("Files.Put", nil)
				w.Move(w.Seal(w.Recorded(r)), airlock.Passed)
			})
			return order("a", b.ETag, malicious)
		}, airlock.Malicious, true, fault.None},
		{"a word nobody knows", func(w *roomtest.World, r airlock.Request) message.Verdict {
			return order("a", w.Drop(r, "a", content).ETag, "no threats found!")
		}, airlock.Transient, false, fault.None},
		{"damaged name, known", func(w *roomtest.World, r airlock.Request) message.Verdict {
			return order("a??.csv", w.Ready(r, "a💎.csv", content).ETag, malicious)
		}, airlock.Malicious, true, fault.None},
		{"damaged name, only in the container", func(w *roomtest.World, r airlock.Request) message.Verdict {
			return order("a\uFFFD.csv", w.Drop(r, "a💎.csv", content).ETag, clean)
		}, airlock.Clean, false, fault.None},
		{"a name with a question mark of its own", func(w *roomtest.World, r airlock.Request) message.Verdict {
			return order("a?.csv", w.Drop(r, "a?.csv", content).ETag, clean)
		}, airlock.Clean, false, fault.None},
		{"damaged name that could be two", func(w *roomtest.World, r airlock.Request) message.Verdict {
			w.Put(r, airlock.File{Name: "a💎.csv", ETag: "0xSAME"})
			w.Put(r, airlock.File{Name: "a💊.csv", ETag: "0xSAME"})
			return order("a??.csv", "0xSAME", clean)
		}, "", false, fault.Refused},
		{"damaged name of nothing", func(w *roomtest.World, r airlock.Request) message.Verdict {
			w.Drop(r, "b💎.csv", content)
			return order("a??.csv", "0xNONE", clean)
		}, "", false, fault.Refused},
		{"damaged name, the draft is gone", func(w *roomtest.World, r airlock.Request) message.Verdict {
			_, err := w.Files.Purge(w.T.Context(), r.Place(airlock.DraftFiles, 1))
			w.Must(err)
			return order("a??.csv", "0xNONE", clean)
		}, "", false, fault.Refused},
		{"after the gate", func(w *roomtest.World, r airlock.Request) message.Verdict {
			b := w.Ready(r, "a", content)
			w.Move(w.Seal(w.Submit(r)), airlock.Passed)
			return order("a", b.ETag, clean)
		}, airlock.Clean, true, fault.None},
		{"on a copy that was made to be scanned again", func(w *roomtest.World, r airlock.Request) message.Verdict {
			return rescanned(w, r, &airlock.Rescan{ETag: "0xCOPY", Tries: 1}, airlock.RescanName("a", 1))
		}, airlock.Clean, true, fault.None},
		{"on a copy of which no row tells yet", func(w *roomtest.World, r airlock.Request) message.Verdict {
			return rescanned(w, r, nil, airlock.RescanName("a", 1))
		}, airlock.Clean, true, fault.None},
		{"on an earlier copy, by a slow scanner", func(w *roomtest.World, r airlock.Request) message.Verdict {
			return rescanned(w, r, &airlock.Rescan{ETag: "0xNEWER", Tries: 3}, airlock.RescanName("a", 1))
		}, airlock.Clean, true, fault.None},
		{"on a stranger in the rescan container", func(w *roomtest.World, r airlock.Request) message.Verdict {
			return rescanned(w, r, &airlock.Rescan{ETag: "0xCOPY", Tries: 1}, "a")
		}, "", false, fault.Refused},
		{"on a rescan copy of what is not sealed", func(w *roomtest.World, r airlock.Request) message.Verdict {
			w.Drop(r, "a", content)
			w.Submit(r)
			m := order(airlock.RescanName("a", 1), "0xCOPY", clean)
			m.Kind = "rescan"
			return m
		}, "", false, fault.Refused},
		{"from the wrong side", func(w *roomtest.World, r airlock.Request) message.Verdict {
			m := order("a", "0x1", clean)
			m.Account = roomtest.HereAccount
			return m
		}, "", false, fault.Refused},
		{"on a request that never was", func(w *roomtest.World, r airlock.Request) message.Verdict {
			m := order("a", "0x1", clean)
			m.Request = roomtest.NobodysID
			return m
		}, "", false, fault.Refused},
		{"of no kind", func(w *roomtest.World, r airlock.Request) message.Verdict {
			m := order("a", "0x1", clean)
			m.Kind = "odd"
			return m
		}, "", false, fault.Poison},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var m message.Verdict
			set := func(t testing.TB) *roomtest.World {
				w := roomtest.New(t)
				m = tt.set(w, w.Draft(airlock.Import))
				return w
			}
			w := set(t)
			out, err := room(w).Handle(w.Context("airlockverdict"), m)
			if fault.KindOf(err) != tt.kind || (out.Advance != nil) != tt.look {
				t.Errorf("look %t, %v", out.Advance != nil, err)
			}
			if out.Advance != nil && out.Advance.File == (tt.want == airlock.Malicious) {
				t.Errorf("malware counts as soon as it is found, the rest is gathered: ordered %+v", out.Advance)
			}
			got := airlock.VerdictClass("")
			r := w.Reload(airlock.Request{Workspace: roomtest.Here, ID: roomtest.RequestID})
			for _, f := range w.Known(r, airlock.Everything) {
				if class := f.Class(); class != "" {
					got = class
				}
			}
			if got != tt.want {
				t.Errorf("kept as %q, want %q", got, tt.want)
			}
			if tt.kind == fault.None {
				roomtest.EveryFault(t, roomtest.Scene{Set: set, Run: func(w *roomtest.World) error {
					_, err := room(w).Handle(w.Context("airlockverdict"), m)
					return err
				}})
			}
		})
	}
}

// rescanned is a verdict on a blob of the rescan container.
func rescanned(w *roomtest.World, r airlock.Request, at *airlock.Rescan, blob string) message.Verdict {
	b := w.Drop(r, "a", "alpha")
	w.Put(r, airlock.File{Name: "a", ETag: b.ETag, Inspection: w.Inspected("alpha"), Rescan: at})
	w.Seal(w.Submit(r))
	m := order(blob, "0xCOPY", clean)
	m.Kind = "rescan"
	return m
}

// Two verdicts at once, of which neither saw the other: whichever is written
// last, malware stays.
func TestTwoVerdictsAtOnce(t *testing.T) {
	t.Parallel()
	for _, results := range [][2]string{{clean, malicious}, {malicious, clean}} {
		t.Run(results[0]+" is written last", func(t *testing.T) {
			t.Parallel()
			w := roomtest.New(t)
			r := w.Draft(airlock.Import)
			b := w.Drop(r, "a", "alpha")
			w.Put(r, airlock.File{Name: "a", ETag: b.ETag, Inspection: w.Inspected("alpha")})
			w.Faults.Before("Files.Put", func() {
				w.Faults.Before("Files.Put", nil)
				_, err := room(w).Handle(w.Context("airlockverdict"), order("a", b.ETag, results[1]))
				w.Must(err)
			})
			_, err := room(w).Handle(w.Context("airlockverdict"), order("a", b.ETag, results[0]))
			w.Must(err)
			if got := w.Row(r, "a", b.ETag).Class(); got != airlock.Malicious {
				t.Errorf("the file is %q", got)
			}
		})
	}
}
