package expr_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/local/arm/expr"
)

// nothing is a scope without functions.
type nothing struct{}

func (nothing) Call(string, []any) (any, bool, error) { return nil, false, nil }

// TestFunctions has what the compiler's snapshots do not show: errors, edges, and functions that Bicep folds away.
func TestFunctions(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, expression string
		want             any    // the value
		fails            string // or a part of the error
	}{
		{"only the chosen branch is evaluated", "[if(true(), 1, div(1, 0))]", int64(1), ""},
		{"and stops at the first false", "[and(false(), equals(div(1, 0), 1))]", false, ""},
		{"or stops at the first true", "[or(true(), equals(div(1, 0), 1))]", true, ""},
		{"a division by zero", "[div(1, 0)]", nil, "division by zero"},
		{"a sum beyond 64 bits", "[add(9223372036854775807, 1)]", nil, "not a 64-bit integer"},
		{"a product beyond 64 bits", "[mul(9223372036854775807, 2)]", nil, "not a 64-bit integer"},
		{"quotes are doubled", "[concat('it''s', ' ok')]", "it's ok", ""},
		{"a doubled bracket is none", "[[concat('a')]", "[concat('a')]", ""},
		{"brackets around nothing to evaluate", "[]", nil, "a value is expected"},
		{"a text that only begins with a bracket", "[a", "[a", ""},
		{"names of functions have no case", "[TOLOWER('A')]", "a", ""},
		{"names of properties have no case", "[createObject('Key', 1).kEY]", int64(1), ""},
		{"an index by expression", "[createArray('a', 'b')[sub(2, 1)]]", "b", ""},
		{"a subnet that does not fit", "[cidrSubnet('10.0.0.0/24', 25, 2)]", nil, "has no subnet 2"},
		{"a host beyond the range", "[cidrHost('10.0.0.0/30', 9)]", nil, "has no host 9"},
		{"no range at all", "[cidrSubnet('10.0.0.0', 25, 0)]", nil, "is not a range of addresses"},
		{"characters of two units", "[length('a💎')]", int64(3), ""},
		{"a part beyond the end", "[substring('abc', 2, 5)]", nil, "must refer to a location within the string"},
		{"a range that is too long", "[range(0, 10001)]", nil, "not from 0 to 10000"},
		{"too few arguments", "[replace('a', 'b')]", nil, "number of arguments"},
		{"an argument of another type", "[toLower(1)]", nil, "argument 1 is of type 'Integer'"},
		{"a function that nobody knows", "[shout('a')]", nil, "'shout' is not valid"},
		{"a lambda where none belongs", "[lambda('x', 1)]", nil, "lambda can only be an argument"},
		{"a lambda's variable out of reach", "[lambdaVariables('x')]", nil, "'x' is not found"},
		{"lambdas within lambdas", "[map(createArray(1, 2), lambda('x', map(createArray(10), lambda('y', add(lambdaVariables('x'), lambdaVariables('y'))))))]",
			[]any{[]any{int64(11)}, []any{int64(12)}}, ""},
		{"the deepest nesting", "[" + strings.Repeat("not(", 300) + "true()" + strings.Repeat(")", 300) + "]", nil, "nests more than"},
		{"the author's own error", "[fail('no')]", nil, "no"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := expr.Text(tc.expression, nothing{})
			if tc.fails != "" {
				if err == nil || !strings.Contains(err.Error(), tc.fails) {
					t.Fatalf("error = %v, want one with %q", err, tc.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// FuzzText: no expression, however wrong, breaks the evaluator.
func FuzzText(f *testing.F) {
	for _, seed := range []string{"[concat('a', string(1))]", "[padLeft('a', 1000000000, 'b')]", "[a.b('x')[0].y]", "[format('{0:D99999999999}', 1)]",
		"[cidrSubnet('::/0', 128, 9223372036854775807)]", "[range(-1, 5)]", "[createArray()[-1]]", "[first(null())]", "[join(null(), 'a')]",
		"[mul(-1, -9223372036854775808)]", "[div(-9223372036854775808, -1)]", "[dateTimeAdd('2026-01-01', 'P99999999999999999999D')]",
		"[sort(createArray(1, 'a'), lambda('x', 'y', less(lambdaVariables('x'), lambdaVariables('y'))))]", "[[", "[", "]", "[''']"} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, s string) { _, _ = expr.Text(s, nothing{}) })
}
