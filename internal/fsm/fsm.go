// Package fsm makes a state machine of a table: one row a move, read by people
// as the specification and by code as the rule. It is pure.
package fsm

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Row is one allowed move: in From, when On is pulled by one of By, the thing
// moves to To and the orders in Then go out.
type Row[S, T, R, O comparable] struct {
	From S
	On   T
	By   []R
	To   S
	Then []O
}

// Table is all allowed moves. What is not in it is refused.
type Table[S, T, R, O comparable] []Row[S, T, R, O]

// Next returns the row for a trigger pulled in a state; false when there is none.
func (t Table[S, T, R, O]) Next(from S, on T) (Row[S, T, R, O], bool) {
	for _, row := range t {
		if row.From == from && row.On == on {
			return row, true
		}
	}
	return Row[S, T, R, O]{}, false
}

// Allowed lists the triggers that any of roles may pull in a state, in the
// order of the table.
func (t Table[S, T, R, O]) Allowed(from S, roles ...R) []T {
	var on []T
	for _, row := range t {
		if row.From == from && row.Admits(roles...) && !slices.Contains(on, row.On) {
			on = append(on, row.On)
		}
	}
	return on
}

// Admits tells whether any of roles may pull this row's trigger.
func (r Row[S, T, R, O]) Admits(roles ...R) bool {
	return slices.ContainsFunc(roles, func(role R) bool { return slices.Contains(r.By, role) })
}

// States lists every state of the table once, in order of appearance.
func (t Table[S, T, R, O]) States() []S {
	var all []S
	for _, row := range t {
		for _, s := range []S{row.From, row.To} {
			if !slices.Contains(all, s) {
				all = append(all, s)
			}
		}
	}
	return all
}

// Reach lists the states that can be reached from start, start included.
func (t Table[S, T, R, O]) Reach(start S) []S {
	seen := []S{start}
	for i := 0; i < len(seen); i++ {
		for _, row := range t {
			if row.From == seen[i] && !slices.Contains(seen, row.To) {
				seen = append(seen, row.To)
			}
		}
	}
	return seen
}

// Check tells what is wrong with the table: two answers to one trigger, a row
// that nobody may pull, a state that cannot be reached from start.
func (t Table[S, T, R, O]) Check(start S) error {
	var wrong []error
	for i, row := range t {
		if len(row.By) == 0 {
			wrong = append(wrong, fmt.Errorf("%v on %v: nobody may", row.From, row.On))
		}
		for _, other := range t[:i] {
			if row.From == other.From && row.On == other.On {
				wrong = append(wrong, fmt.Errorf("%v on %v: two rows", row.From, row.On))
			}
		}
	}
	reached := t.Reach(start)
	for _, s := range t.States() {
		if !slices.Contains(reached, s) {
			wrong = append(wrong, fmt.Errorf("%v: cannot be reached", s))
		}
	}
	return errors.Join(wrong...)
}

// Draw returns the table as a Mermaid state diagram, starting in start.
// https://mermaid.js.org/syntax/stateDiagram.html
func (t Table[S, T, R, O]) Draw(start S) string {
	var b strings.Builder
	fmt.Fprintf(&b, "stateDiagram-v2\n    [*] --> %v\n", start)
	for _, row := range t {
		fmt.Fprintf(&b, "    %v --> %v: %v\n", row.From, row.To, row.On)
	}
	for _, s := range t.States() {
		if !t.leaves(s) {
			fmt.Fprintf(&b, "    %v --> [*]\n", s)
		}
	}
	return b.String()
}

// leaves tells whether a move leads out of the state to another one.
func (t Table[S, T, R, O]) leaves(s S) bool {
	return slices.ContainsFunc(t, func(row Row[S, T, R, O]) bool { return row.From == s && row.To != s })
}
