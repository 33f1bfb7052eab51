package airlockinspect_test

import (
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/functions/airlockinspect"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/fault"
	"github.com/trefoil-tre/trefoil/internal/inspect"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
)

func room(w *roomtest.World) airlockinspect.Function {
	return airlockinspect.Function{Ledger: w.Ledger, Files: w.Rows, Vault: w.Vault, Inspector: inspect.Inspector{SliceBytes: 4096, BufferBytes: 4096, Now: w.Now}}
}

func order(name string) message.Inspect {
	return message.Inspect{Workspace: roomtest.Here, Request: roomtest.RequestID, Account: airlock.AirlockAccount, Turn: 1, Name: name, Trace: "trace"}
}

// follow handles slices until none is ordered, and tells how many there were
// and whether a look at the request was ordered.
func follow(w *roomtest.World, m message.Inspect) (slices int, look bool, err error) {
	for slices = 1; slices < 50; slices++ {
		out, err := room(w).Handle(w.Context("airlockinspect"), m)
		if err != nil || out.Inspect == nil {
			return slices, out.Advance != nil, err
		}
		m = *out.Inspect
	}
	w.T.Error("slices are ordered without end")
	return slices, false, nil
}

var large = strings.Repeat("0123456789abcdef", 1000) // 16,000 bytes: four slices

// Each row is a sentence: a file of this content is read in so many slices.
func TestInspect(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file, content string
		slices              int
		findings            string
	}{
		{"empty", "a.txt", "", 1, ""},
		{"small", "a.txt", "hello", 1, ""},
		{"one slice to the byte", "a.txt", large[:4096], 1, ""},
		{"large", "a.txt", large, 5, ""},
		{"of a name that events damage", "💎?.txt", "hello", 1, ""},
		{"of a hostile name", "../a.txt", "hello", 1, "name_dots"},
		{"a program", "a.txt", "\x7fELF\x02\x01\x01\x00" + strings.Repeat("\x00", 100), 1, "type_refused,type_mismatch"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			set := func(t testing.TB) *roomtest.World {
				w := roomtest.New(t)
				w.Drop(w.Draft(airlock.Import), tt.file, tt.content)
				return w
			}
			w := set(t)
			r := w.Reload(airlock.Request{Workspace: roomtest.Here, ID: roomtest.RequestID})
			slices, look, err := follow(w, order(tt.file))
			if err != nil || slices != tt.slices || look {
				t.Errorf("%d slices, look %t, %v", slices, look, err)
			}
			i := w.Known(r, airlock.Everything)[0].Inspection
			var codes []string
			for _, f := range i.Findings {
				codes = append(codes, f.Code)
			}
			if i.Size != int64(len(tt.content)) || i.SHA256 != airlock.Digest([]byte(tt.content)) || strings.Join(codes, ",") != tt.findings {
				t.Errorf("found %+v", i)
			}
			roomtest.EveryFault(t, roomtest.Scene{Set: set, Run: func(w *roomtest.World) error {
				_, _, err := follow(w, order(tt.file))
				return err
			}})
		})
	}
}

// Each row is a sentence: what happens to a large file between its slices.
func TestBetweenSlices(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		happen func(w *roomtest.World, r airlock.Request, b airlock.Blob)
		want   string // content that is inspected in the end; "" none
		look   bool
	}{
		{"nothing", func(*roomtest.World, airlock.Request, airlock.Blob) {}, large, false},
		{"overwritten", func(w *roomtest.World, r airlock.Request, _ airlock.Blob) { w.Drop(r, "a", large[1:]) }, large[1:], false},
		{"overwritten by a small one", func(w *roomtest.World, r airlock.Request, _ airlock.Blob) { w.Drop(r, "a", "x") }, "x", false},
		{"removed", func(w *roomtest.World, r airlock.Request, _ airlock.Blob) {
			w.Must(w.Files.Delete(r.Place(airlock.DraftFiles, 1), "a"))
		}, "", true},
		{"archived", func(w *roomtest.World, r airlock.Request, _ airlock.Blob) {
			_, err := w.Files.PutBlob(r.Place(airlock.DraftFiles, 1), airlock.Blob{Name: "a", Tier: "Archive"}, []byte("x"))
			w.Must(err)
		}, "", true},
		{"a state that nobody can read", func(w *roomtest.World, r airlock.Request, b airlock.Blob) {
			w.Put(r, airlock.File{Name: "a", ETag: b.ETag, Progress: &airlock.Progress{Offset: 5, Hash: []byte("odd"), Type: "text/plain"}})
		}, large, false},
		{"another worker finished", func(w *roomtest.World, r airlock.Request, b airlock.Blob) {
			w.Put(r, airlock.File{Name: "a", ETag: b.ETag, Inspection: w.Inspected(large)})
		}, large, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := roomtest.New(t)
			r := w.Draft(airlock.Import)
			b := w.Drop(r, "a", large)
			m := order("a")
			for range 2 {
				out, err := room(w).Handle(w.Context("airlockinspect"), m)
				w.Must(err)
				m = *out.Inspect
			}
			if p := w.Row(r, "a", b.ETag).Progress; p == nil || p.Offset != 4096 || !p.At.Equal(w.Now()) {
				t.Fatalf("after two slices %+v", p)
			}
			tt.happen(w, r, b)
			_, look, err := follow(w, m)
			w.Must(err)
			got := ""
			for _, f := range w.Known(r, airlock.Everything) {
				if f.Inspection != nil {
					got = f.Inspection.SHA256
				}
			}
			if want := airlock.Digest([]byte(tt.want)); look != tt.look || tt.want != "" && got != want || tt.want == "" && got != "" {
				t.Errorf("inspected %q, look %t", got, look)
			}
		})
	}
}

// Sealing waits for a file that was submitted: a look follows, also on a
// repeat.
func TestSubmittedFiles(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	w.Drop(w.Draft(airlock.Import), "a", "x")
	m := order("a")
	m.Submitted = true
	for range 2 {
		if _, look, err := follow(w, m); err != nil || !look {
			t.Errorf("look %t, %v", look, err)
		}
	}
	m.Name = "nowhere"
	if _, look, err := follow(w, m); err != nil || !look {
		t.Errorf("of a file that is not there: look %t, %v", look, err)
	}
}

// Messages with nonsense in them write nothing.
func TestStrangeOrders(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	r := w.Draft(airlock.Import)
	w.Drop(r, "a", "x")
	with := func(change func(*message.Inspect)) message.Inspect { m := order("a"); change(&m); return m }
	tests := []struct {
		name string
		m    message.Inspect
		kind fault.Kind
	}{
		{"nothing", message.Inspect{}, fault.Poison},
		{"no name", order(""), fault.Poison},
		{"turn 0", with(func(m *message.Inspect) { m.Turn = 0 }), fault.Poison},
		{"turn 100", with(func(m *message.Inspect) { m.Turn = 100 }), fault.Poison},
		{"turn 99, which was never made", with(func(m *message.Inspect) { m.Turn = 99 }), fault.None},
		{"no id", with(func(m *message.Inspect) { m.Request = "x" }), fault.Poison},
		{"another workspace's account", with(func(m *message.Inspect) { m.Account = roomtest.ThereAccount }), fault.Refused},
		{"the wrong side", with(func(m *message.Inspect) { m.Account = roomtest.HereAccount }), fault.None},
		{"no such workspace", with(func(m *message.Inspect) { m.Workspace = roomtest.NobodysID }), fault.Refused},
		{"an ETag that is none", with(func(m *message.Inspect) { m.ETag = "garbage\x00" }), fault.None},
	}
	for _, tt := range tests {
		out, err := room(w).Handle(w.Context("airlockinspect"), tt.m)
		if fault.KindOf(err) != tt.kind || len(w.Known(r, airlock.Everything)) > 0 {
			t.Errorf("%s: %v, %d rows", tt.name, err, len(w.Known(r, airlock.Everything)))
		}
		if out.Inspect != nil && out.Inspect.ETag != "" {
			t.Errorf("%s: goes on with %+v", tt.name, out.Inspect)
		}
	}
	w.Pass(time.Second)
	if n := len(w.Strange()); n == 0 {
		t.Error("nothing was audited")
	}
}

// A file that is worth it is not read again by a repeated order that names no
// version: that it was read is asked first.
func TestRepeatedOrder(t *testing.T) {
	t.Parallel()
	for size, reads := range map[int]int{100: 2, 1 << 20: 1} {
		w := roomtest.New(t)
		r := w.Draft(airlock.Import)
		b := w.Drop(r, "a.txt", strings.Repeat("x", size))
		f := room(w)
		f.Inspector.SliceBytes = 4 << 20
		m := order("a.txt")
		m.Submitted = true
		var first airlock.File
		for i := range 2 {
			w.Pass(time.Second)
			out, err := f.Handle(w.Context("airlockinspect"), m)
			if err != nil || out.Inspect != nil || out.Advance == nil {
				t.Fatalf("%d bytes: %+v, %v", size, out, err)
			}
			if i == 0 {
				first = w.Row(r, "a.txt", b.ETag)
			}
		}
		again := w.Row(r, "a.txt", b.ETag)
		if once := again.Inspection.At.Equal(first.Inspection.At); once != (reads == 1) {
			t.Errorf("%d bytes: read once is %t", size, once)
		}
	}
}
