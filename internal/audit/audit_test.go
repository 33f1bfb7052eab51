package audit_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/trefoil-tre/trefoil/internal/audit"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// chain draws a chain of n lines and its head.
func chain(t *rapid.T, n int) ([]audit.Line, audit.Head) {
	var (
		lines []audit.Line
		head  audit.Head
	)
	for i := range n {
		text := rapid.SampledFrom([]string{"", "draft", "ü\u2028<&>", `"`, "no reason"})
		line := audit.Line{Workspace: "w", Request: "r", At: start.Add(time.Duration(i) * 1501 * time.Millisecond),
			Actor:  audit.Actor{OID: text.Draw(t, "oid"), Name: text.Draw(t, "name"), Role: "manager"},
			Action: "approve", From: text.Draw(t, "from"), To: text.Draw(t, "to"),
			Reason: text.Draw(t, "reason"), Detail: text.Draw(t, "detail")}
		line, head = head.Append(line)
		lines = append(lines, line)
	}
	return lines, head
}

func TestAppend(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("far", 5*3600)
	first, head := audit.Head{}.Append(audit.Line{Action: "create", At: start.Add(1234 * time.Nanosecond).In(zone), Seq: 7, Prev: "lie", Hash: "lie"})
	if first.Seq != 1 || first.Prev != "" || len(first.Hash) != 64 || head != (audit.Head{Seq: 1, Hash: first.Hash}) {
		t.Errorf("first line %+v, head %+v", first, head)
	}
	if want := start.Add(time.Microsecond); !first.At.Equal(want) || first.At.Location() != time.UTC {
		t.Errorf("at %v, want %v: lines are kept to the microsecond, in UTC", first.At, want)
	}
	second, head := head.Append(audit.Line{Action: "submit", At: start})
	if second.Seq != 2 || second.Prev != first.Hash || second.Hash == first.Hash || head.Seq != 2 {
		t.Errorf("second line %+v, head %+v", second, head)
	}
	if err := audit.Verify([]audit.Line{first, second}, head); err != nil {
		t.Error(err)
	}
	if err := audit.Verify(nil, audit.Head{}); err != nil {
		t.Errorf("no lines, no head: %v", err)
	}
}

// The hash is a promise to those who keep old lines: it must not change.
func TestHashIsStable(t *testing.T) {
	t.Parallel()
	line, _ := audit.Head{Seq: 2, Hash: "ab"}.Append(audit.Line{Workspace: "w", Request: "r", At: start,
		Actor: audit.Actor{OID: "o", Name: "Ada", Role: "manager"}, Action: "reject", From: "in_review",
		To: "rejection_in_progress", Reason: "no <b>", Detail: "d"})
	const want = "eb7aff04dba886379cd4d5e38ccfe74207424be34a590cde2951954894245e3e"
	if line.Hash != want {
		t.Errorf("hash %s, want %s", line.Hash, want)
	}
}

func TestVerifyAcceptsChains(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		lines, head := chain(t, rapid.IntRange(0, 8).Draw(t, "n"))
		if err := audit.Verify(lines, head); err != nil {
			t.Fatal(err)
		}
	})
}

// changes are all the ways to alter one line; each alters it for certain.
var changes = map[string]func(*audit.Line){
	"workspace":  func(l *audit.Line) { l.Workspace += "x" },
	"request":    func(l *audit.Line) { l.Request += "x" },
	"seq":        func(l *audit.Line) { l.Seq++ },
	"at":         func(l *audit.Line) { l.At = l.At.Add(time.Microsecond) },
	"at, little": func(l *audit.Line) { l.At = l.At.Add(time.Nanosecond) },
	"oid":        func(l *audit.Line) { l.Actor.OID += "x" },
	"name":       func(l *audit.Line) { l.Actor.Name += "x" },
	"role":       func(l *audit.Line) { l.Actor.Role = "" },
	"action":     func(l *audit.Line) { l.Action = "reject" },
	"from":       func(l *audit.Line) { l.From += "x" },
	"to":         func(l *audit.Line) { l.To += "x" },
	"reason":     func(l *audit.Line) { l.Reason += " " },
	"detail":     func(l *audit.Line) { l.Detail += "x" },
	"moved text": func(l *audit.Line) { l.Reason, l.Detail = l.Reason+"a", "a"+l.Detail },
	"prev":       func(l *audit.Line) { l.Prev += "0" },
	"hash":       func(l *audit.Line) { l.Hash = l.Hash[1:] + "g" },
}

func TestVerifyNoticesEveryChange(t *testing.T) {
	t.Parallel()
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				lines, head := chain(t, rapid.IntRange(1, 6).Draw(t, "n"))
				change(&lines[rapid.IntRange(0, len(lines)-1).Draw(t, "which")])
				broken(t, lines, head)
			})
		})
	}
}

// One who changes a line and repairs its hash is caught at the next line, or at the head.
func TestVerifyNoticesRepairedLines(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		lines, head := chain(t, rapid.IntRange(1, 6).Draw(t, "n"))
		i := rapid.IntRange(0, len(lines)-1).Draw(t, "which")
		before := audit.Head{Seq: i, Hash: lines[i].Prev}
		lines[i].Reason += "forged"
		lines[i], _ = before.Append(lines[i])
		broken(t, lines, head)
	})
}

func TestVerifyNoticesEveryShuffle(t *testing.T) {
	t.Parallel()
	tests := map[string]func(t *rapid.T, lines []audit.Line) []audit.Line{
		"removed": func(t *rapid.T, lines []audit.Line) []audit.Line {
			i := rapid.IntRange(0, len(lines)-1).Draw(t, "i")
			return slices.Delete(lines, i, i+1)
		},
		"cut at the end":   func(_ *rapid.T, lines []audit.Line) []audit.Line { return lines[:len(lines)-1] },
		"cut at the start": func(_ *rapid.T, lines []audit.Line) []audit.Line { return lines[1:] },
		"all gone":         func(*rapid.T, []audit.Line) []audit.Line { return nil },
		"doubled": func(t *rapid.T, lines []audit.Line) []audit.Line {
			i := rapid.IntRange(0, len(lines)-1).Draw(t, "i")
			return slices.Insert(lines, i, lines[i])
		},
		"swapped": func(t *rapid.T, lines []audit.Line) []audit.Line {
			i := rapid.IntRange(0, len(lines)-2).Draw(t, "i")
			j := rapid.IntRange(i+1, len(lines)-1).Draw(t, "j")
			lines[i], lines[j] = lines[j], lines[i]
			return lines
		},
		"added at the end": func(_ *rapid.T, lines []audit.Line) []audit.Line {
			last := lines[len(lines)-1]
			extra, _ := audit.Head{Seq: last.Seq, Hash: last.Hash}.Append(audit.Line{Action: "forged"})
			return append(lines, extra)
		},
	}
	for name, damage := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				lines, head := chain(t, rapid.IntRange(2, 6).Draw(t, "n"))
				broken(t, damage(t, lines), head)
			})
		})
	}
}

func TestVerifyNoticesAnotherHead(t *testing.T) {
	t.Parallel()
	line, head := audit.Head{}.Append(audit.Line{Action: "create", At: start})
	for _, wrong := range []audit.Head{{}, {Seq: 2, Hash: head.Hash}, {Seq: 1, Hash: "x"}} {
		if err := audit.Verify([]audit.Line{line}, wrong); !errors.Is(err, audit.ErrBroken) {
			t.Errorf("head %+v: %v, want ErrBroken", wrong, err)
		}
	}
	if diff := cmp.Diff(audit.Head{Seq: 1, Hash: line.Hash}, head); diff != "" {
		t.Error(diff)
	}
}

func broken(t *rapid.T, lines []audit.Line, head audit.Head) {
	if err := audit.Verify(lines, head); !errors.Is(err, audit.ErrBroken) {
		t.Fatalf("Verify = %v, want ErrBroken", err)
	}
}
