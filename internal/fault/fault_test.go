package fault_test

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/fault"
)

func TestKindOf(t *testing.T) {
	t.Parallel()
	cause := errors.New("request \"r9\": illegal step")
	tests := []struct {
		name string
		err  error
		want fault.Kind
	}{
		{"nil", nil, fault.None},
		{"unmarked", cause, fault.Retry},
		{"refused", fault.Refuse(cause), fault.Refused},
		{"unreadable", fault.Unreadable(cause), fault.Poison},
		{"again", fault.Again(fault.Refuse(cause)), fault.Retry},
		{"wrapped after marking", fmt.Errorf("advance: %w", fault.Refuse(cause)), fault.Refused},
		{"outermost counts", fault.Unreadable(fmt.Errorf("decode: %w", fault.Refuse(cause))), fault.Poison},
		{"joined: first marked counts", errors.Join(cause, fault.Refuse(cause), fault.Unreadable(cause)), fault.Refused},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := fault.KindOf(test.err); got != test.want {
				t.Errorf("KindOf = %v, want %v", got, test.want)
			}
		})
	}
}

func TestMarksOfNothingAreNothing(t *testing.T) {
	t.Parallel()
	for name, mark := range map[string]func(error) error{"Refuse": fault.Refuse, "Unreadable": fault.Unreadable, "Again": fault.Again} {
		if err := mark(nil); err != nil {
			t.Errorf("%s(nil) = %v, want nil", name, err)
		}
	}
}

func TestMarksAreTransparent(t *testing.T) {
	t.Parallel()
	path := &fs.PathError{Op: "open", Path: "x", Err: fs.ErrNotExist}
	err := fault.Refuse(fmt.Errorf("read: %w", path))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Error("errors.Is does not see through the mark")
	}
	if got, ok := errors.AsType[*fs.PathError](err); !ok || got != path {
		t.Error("errors.As does not see through the mark")
	}
	if got, want := err.Error(), "read: "+path.Error(); got != want {
		t.Errorf("text %q, want %q", got, want)
	}
}

func TestKindNames(t *testing.T) {
	t.Parallel()
	want := map[fault.Kind]string{
		fault.None: "none", fault.Retry: "retry", fault.Refused: "refused", fault.Poison: "poison",
		-1: "kind(-1)", 99: "kind(99)",
	}
	for kind, name := range want {
		if got := kind.String(); got != name {
			t.Errorf("Kind(%d) = %q, want %q", int(kind), got, name)
		}
	}
}
