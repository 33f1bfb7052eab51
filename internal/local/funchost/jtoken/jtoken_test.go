package jtoken_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/local/funchost/jtoken"
)

func TestTextAndJSON(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		in, text, json string
	}{
		{`null`, ``, `null`},
		{`true`, `True`, `true`},
		{`false`, `False`, `false`},
		{`12`, `12`, `12`},
		{`12345678901234567890`, `12345678901234567890`, `12345678901234567890`},
		{`1.50`, `1.5`, `1.5`},
		{`1.0`, `1`, `1.0`},
		{`-0.0`, `-0`, `-0.0`},
		{`1e15`, `1E+15`, `1E+15`},
		{`1e14`, `100000000000000`, `100000000000000.0`},
		{`0.00001`, `0.00001`, `0.00001`},
		{`0.000001`, `1E-06`, `1E-06`},
		{`"a\u0001\u2028\"\\\b\f\n\r\t<&>"`, "a\x01\u2028\"\\\b\f\n\r\t<&>", `"a\u0001\u2028\"\\\b\f\n\r\t<&>"`},
		{`"2024-10-21T10:00:00Z"`, `10/21/2024 10:00:00`, `"2024-10-21T10:00:00Z"`},
		{`"2024-10-21T10:00:00.120Z"`, `10/21/2024 10:00:00`, `"2024-10-21T10:00:00.12Z"`},
		{`"2024-10-21T10:00:00.12345678Z"`, `10/21/2024 10:00:00`, `"2024-10-21T10:00:00.1234567Z"`},
		{`"2024-10-21T10:00:00+02:00"`, `10/21/2024 08:00:00`, `"2024-10-21T08:00:00+00:00"`},
		{`"2024-10-21T10:00:00+0200"`, `10/21/2024 08:00:00`, `"2024-10-21T08:00:00+00:00"`},
		{`"2024-10-21T10:00:00"`, `10/21/2024 10:00:00`, `"2024-10-21T10:00:00"`},
		{`"2024-10-21"`, `2024-10-21`, `"2024-10-21"`},
		{`"2024-02-31T10:00:00Z"`, `2024-02-31T10:00:00Z`, `"2024-02-31T10:00:00Z"`},
		{`"/Date(1700000000000)/"`, `11/14/2023 22:13:20`, `"2023-11-14T22:13:20Z"`},
		{`"/Date(1700000000000+0100)/"`, `11/14/2023 22:13:20`, `"2023-11-14T22:13:20+00:00"`},
		{`[]`, `[]`, `[]`},
		{`{}`, `{}`, `{}`},
		{`{"b":1,"a":[1,{"c":null}],"b":2}`,
			"{\n  \"b\": 2,\n  \"a\": [\n    1,\n    {\n      \"c\": null\n    }\n  ]\n}", `{"b":2,"a":[1,{"c":null}]}`},
	} {
		token, err := jtoken.Parse(test.in, jtoken.ParseDates)
		if err != nil {
			t.Errorf("%s: %v", test.in, err)
			continue
		}
		if got := token.String(); got != test.text {
			t.Errorf("%s as text: %q, want %q", test.in, got, test.text)
		}
		if got := token.JSON(); got != test.json {
			t.Errorf("%s as JSON: %s, want %s", test.in, got, test.json)
		}
	}
}

func TestKeepTextLeavesDatesAlone(t *testing.T) {
	t.Parallel()
	const in = `{"at":"2024-10-21T10:00:00.120+02:00","old":"/Date(0)/"}`
	token, err := jtoken.Parse(in, jtoken.KeepText)
	if err != nil {
		t.Fatal(err)
	}
	if got := token.JSON(); got != in {
		t.Errorf("%s became %s", in, got)
	}
}

func TestNotJSON(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"", " ", "{", "[1", `{"a"`, `{"a":`, `{"a":1`, "{oops}", "1 2", "nul", `"a`, "1e999"} {
		if _, err := jtoken.Parse(in, jtoken.KeepText); !errors.Is(err, jtoken.ErrSyntax) {
			t.Errorf("%q: %v, want ErrSyntax", in, err)
		}
	}
}

func TestFirstGivesTheRest(t *testing.T) {
	t.Parallel()
	_, rest, err := jtoken.First(`{} x`, jtoken.KeepText)
	if err != nil || rest != " x" {
		t.Errorf("rest %q, %v", rest, err)
	}
}

func TestLookups(t *testing.T) {
	t.Parallel()
	token := jtoken.Token{}.Set("A", jtoken.Of("upper")).Set("b", jtoken.Of("lower"))
	for name, want := range map[string][2]string{"A": {"upper", "upper"}, "a": {"", "upper"}, "b": {"lower", "lower"}, "c": {}} {
		exact, _ := token.Get(name)
		folded, _ := token.GetFold(name)
		if diff := cmp.Diff(want, [2]string{exact.Text, folded.Text}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{`{"a":[1,2.5,"x",null,true]}`, `"2024-10-21T10:00:00Z"`, `[]`, `"\ud800"`, `1e400`, `-0`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		token, err := jtoken.Parse(in, jtoken.KeepText)
		if err != nil {
			return
		}
		for _, out := range []string{token.JSON(), token.Indented()} {
			if !json.Valid([]byte(out)) {
				t.Fatalf("%q became %q", in, out)
			}
			again, err := jtoken.Parse(out, jtoken.KeepText)
			if err != nil || again.JSON() != token.JSON() {
				t.Fatalf("%q became %q, then %q (%v)", in, out, again.JSON(), err)
			}
		}
		dated, err := jtoken.Parse(in, jtoken.ParseDates)
		if err != nil || strings.Contains(dated.JSON(), "\n") {
			t.Fatalf("%q with dates: %q, %v", in, dated.JSON(), err)
		}
	})
}
