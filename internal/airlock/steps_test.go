package airlock_test

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

var update = flag.Bool("update", false, "write testdata anew")

// columns are the short names of the stages in the grids.
var columns = map[string]airlock.Stage{
	"draft": "draft", "seal": "submitted_sealing", "gate": "submitted_gating", "review": "in_review",
	"approving": "approval_in_progress", "approved": "approved", "rejecting": "rejection_in_progress", "rejected": "rejected",
	"blocking": "blocking_in_progress", "blocked": "blocked_by_scan", "cancelled": "cancelled", "failed": "failed", "revoked": "revoked",
}

// moves is the airlock's table written a second time, by hand: where each
// trigger leads from each stage. "-" is refused.
const moves = `
	trigger        draft      seal       gate       review     approving  approved   rejecting  rejected   blocking   blocked    cancelled  failed     revoked
	submit         seal       -          -          -          -          -          -          -          -          -          -          -          -
	cancel         cancelled  cancelled  cancelled  cancelled  -          -          -          -          -          -          -          -          -
	endorse        -          -          -          review     -          -          -          -          -          -          -          -          -
	approve        -          -          -          approving  -          -          -          -          -          -          -          -          -
	reject         -          -          -          rejecting  -          -          -          -          -          -          -          -          -
	return         -          -          -          draft      -          -          -          -          -          -          -          -          -
	stop           -          -          -          -          failed     -          -          -          -          -          -          -          -
	revoke         -          -          -          -          -          revoked    -          -          -          -          -          -          -
	retry_draft    -          -          -          -          -          -          -          -          -          -          -          draft      -
	retry_seal     -          -          -          -          -          -          -          -          -          -          -          seal       -
	retry_gate     -          -          -          -          -          -          -          -          -          -          -          gate       -
	retry_review   -          -          -          -          -          -          -          -          -          -          -          review     -
	retry_deliver  -          -          -          -          -          -          -          -          -          -          -          approving  -
	retry_reject   -          -          -          -          -          -          -          -          -          -          -          rejecting  -
	retry_block    -          -          -          -          -          -          -          -          -          -          -          blocking   -
	overflowed     failed     -          -          -          -          -          -          -          -          -          -          -          -
	sealed         -          gate       -          -          -          -          -          -          -          -          -          -          -
	passed         -          -          review     -          -          -          -          -          -          -          -          -          -
	unfit          -          -          draft      -          -          -          -          -          -          -          -          -          -
	infected       -          -          blocking   blocking   blocking   revoked    -          -          -          -          -          -          -
	delivered      -          -          -          -          approved   -          -          -          -          -          -          -          -
	withheld       -          -          -          -          -          -          rejected   -          blocked    -          -          -          -
	expired        cancelled  -          -          cancelled  -          -          -          -          -          -          -          -          -
	broke          -          failed     failed     failed     failed     -          failed     -          failed     -          -          -          -
	retired        -          -          -          -          -          approved   -          rejected   -          blocked    -          failed     revoked
`

// people says, by hand, in which capacity each trigger may be pulled in each
// stage: C creator, O owner, M manager, A admin, E engine; "-" nobody.
const people = `
	trigger        draft  seal  gate  review  approving  approved  rejecting  rejected  blocking  blocked  cancelled  failed  revoked
	submit         C      -     -     -       -          -         -          -         -         -        -          -       -
	cancel         CO     CO    CO    CO      -          -         -          -         -         -        -          -       -
	endorse        -      -     -     M       -          -         -          -         -         -        -          -       -
	approve        -      -     -     M       -          -         -          -         -         -        -          -       -
	reject         -      -     -     M       -          -         -          -         -         -        -          -       -
	return         -      -     -     M       -          -         -          -         -         -        -          -       -
	stop           -      -     -     -       M          -         -          -         -         -        -          -       -
	revoke         -      -     -     -       -          M         -          -         -         -        -          -       -
	retry_draft    -      -     -     -       -          -         -          -         -         -        -          OMA     -
	retry_seal     -      -     -     -       -          -         -          -         -         -        -          OMA     -
	retry_gate     -      -     -     -       -          -         -          -         -         -        -          OMA     -
	retry_review   -      -     -     -       -          -         -          -         -         -        -          OMA     -
	retry_deliver  -      -     -     -       -          -         -          -         -         -        -          OMA     -
	retry_reject   -      -     -     -       -          -         -          -         -         -        -          OMA     -
	retry_block    -      -     -     -       -          -         -          -         -         -        -          OMA     -
	overflowed     E      -     -     -       -          -         -          -         -         -        -          -       -
	sealed         -      E     -     -       -          -         -          -         -         -        -          -       -
	passed         -      -     E     -       -          -         -          -         -         -        -          -       -
	unfit          -      -     E     -       -          -         -          -         -         -        -          -       -
	infected       -      -     E     E       E          E         -          -         -         -        -          -       -
	delivered      -      -     -     -       E          -         -          -         -         -        -          -       -
	withheld       -      -     -     -       -          -         E          -         E         -        -          -       -
	expired        E      -     -     E       -          -         -          -         -         -        -          -       -
	broke          -      E     E     E       E          -         E          -         E         -        -          -       -
	retired        -      -     -     -       -          E         -          E         -         E        -          E       E
`

// statuses says, by hand, which status may follow which. A: AzureTRE's 17
// moves, T: ours, s: a move within a status, "-" never.
const statuses = `
	from                   draft  submitted  in_review  approval_in_progress  approved  rejection_in_progress  rejected  blocking_in_progress  blocked_by_scan  cancelled  failed  revoked
	draft                  -      A          -          -                     -         -                      -         -                     -                A          A       -
	submitted              T      s          A          -                     -         -                      -         A                     -                T          A       -
	in_review              T      -          s          A                     -         A                      -         T                     -                A          A       -
	approval_in_progress   -      -          -          -                     A         -                      -         T                     -                -          A       -
	approved               -      -          -          -                     s         -                      -         -                     -                -          -       A
	rejection_in_progress  -      -          -          -                     -         -                      A         -                     -                -          A       -
	rejected               -      -          -          -                     -         -                      s         -                     -                -          -       -
	blocking_in_progress   -      -          -          -                     -         -                      -         -                     A                -          A       -
	blocked_by_scan        -      -          -          -                     -         -                      -         -                     s                -          -       -
	cancelled              -      -          -          -                     -         -                      -         -                     -                -          -       -
	failed                 T      T          T          T                     -         T                      -         T                     -                -          s       -
	revoked                -      -          -          -                     -         -                      -         -                     -                -          -       s
`

var letters = map[string]airlock.Role{"C": airlock.Creator, "O": airlock.Owner, "M": airlock.Manager, "A": airlock.Admin, "E": airlock.Engine}

// cells reads a grid: row head → column head → cell.
func cells(t *testing.T, grid string) map[string]map[string]string {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(grid), "\n")
	heads := strings.Fields(lines[0])[1:]
	all := map[string]map[string]string{}
	for _, line := range lines[1:] {
		f := strings.Fields(line)
		if len(f) != len(heads)+1 || all[f[0]] != nil {
			t.Fatalf("grid: line %q has %d cells, want %d, once", f[0], len(f)-1, len(heads))
		}
		all[f[0]] = map[string]string{}
		for i, cell := range f[1:] {
			all[f[0]][heads[i]] = cell
		}
	}
	return all
}

func TestGridMoves(t *testing.T) {
	t.Parallel()
	grid := cells(t, moves)
	if len(grid) != len(airlock.Triggers) || len(columns) != len(airlock.Stages) {
		t.Fatalf("grid has %d triggers and %d stages, want %d and %d", len(grid), len(columns), len(airlock.Triggers), len(airlock.Stages))
	}
	for _, on := range airlock.Triggers {
		for column, from := range columns {
			cell, there := grid[string(on)][column]
			if !there {
				t.Fatalf("grid: no cell %s × %s", on, column)
			}
			row, ok := airlock.Steps.Next(from, on)
			if ok != (cell != "-") || ok && row.To != columns[cell] {
				t.Errorf("%s on %s = %q %t, want %s", from, on, row.To, ok, cell)
			}
		}
	}
}

func TestGridPeople(t *testing.T) {
	t.Parallel()
	grid := cells(t, people)
	for _, on := range airlock.Triggers {
		for column, from := range columns {
			cell, there := grid[string(on)][column]
			if !there {
				t.Fatalf("grid: no cell %s × %s", on, column)
			}
			for letter, role := range letters {
				want := strings.Contains(cell, letter)
				if got := slices.Contains(airlock.Steps.Allowed(from, role), on); got != want {
					t.Errorf("%s on %s by %s = %t, want %t", from, on, role, got, want)
				}
			}
		}
	}
}

func TestGridStatuses(t *testing.T) {
	t.Parallel()
	grid := cells(t, statuses)
	found := map[string]map[string]bool{}
	for _, row := range airlock.Steps {
		from, to := string(row.From.Status()), string(row.To.Status())
		if found[from] == nil {
			found[from] = map[string]bool{}
		}
		found[from][to] = true
	}
	kinds := map[string]int{}
	for _, from := range airlock.Statuses {
		for _, to := range airlock.Statuses {
			cell := grid[string(from)][string(to)]
			kinds[cell]++
			if got := found[string(from)][string(to)]; got != (cell != "-") {
				t.Errorf("%s → %s = %t, want %q", from, to, got, cell)
			}
		}
	}
	want := map[string]int{"A": 17, "T": 11, "s": 7, "-": 144 - 17 - 11 - 7}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("pairs (-want +got)\n%s", diff)
	}
}

func TestStepsAreWhole(t *testing.T) {
	t.Parallel()
	if err := airlock.Steps.Check(airlock.Draft); err != nil {
		t.Error(err)
	}
	if got := len(airlock.Steps.Reach(airlock.Draft)); got != len(airlock.Stages) {
		t.Errorf("%d stages can be reached, want %d", got, len(airlock.Stages))
	}
	for _, row := range airlock.Steps {
		if slices.Contains(row.Then, airlock.Notify) && !slices.Contains(airlock.Events, airlock.EventOf(row.On, row.To)) {
			t.Errorf("%s on %s tells of %q, which is no event", row.From, row.On, airlock.EventOf(row.On, row.To))
		}
		if row.From.Status() != row.To.Status() && !row.To.Unfinished() && !slices.Contains(row.Then, airlock.Notify) {
			t.Errorf("%s on %s ends without telling anybody", row.From, row.On)
		}
	}
}

func TestDiagram(t *testing.T) {
	t.Parallel()
	const path = "testdata/steps.mmd"
	if *update {
		if err := os.WriteFile(path, []byte(airlock.Diagram()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), airlock.Diagram()); diff != "" {
		t.Errorf("%s differs; go test -update writes it anew\n%s", path, diff)
	}
}
