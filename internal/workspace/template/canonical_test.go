package template_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

func TestCanonical(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, want string }{
		{"blanks and line ends go", " {\r\n\t\"a\" : [ 1 , true , null ]\n}\n", `{"a":[1,true,null]}`},
		{"names are put in the order of their bytes", `{"b":1,"a":{"z":1,"Z":2},"":3,"é":4}`, `{"":3,"a":{"Z":2,"z":1},"b":1,"é":4}`},
		{"lists keep their order", `["b","a"]`, `["b","a"]`},
		{"numbers stay as they are written", `[1,1.0,1e2,1E2,-0,0.10,12345678901234567890,1.7976931348623157e308]`, `[1,1.0,1e2,1E2,-0,0.10,12345678901234567890,1.7976931348623157e308]`},
		{"escapes that can be left out go", `"\u0041\/\u00e9\u2028<&>\ud83d\ude00"`, "\"A/é\u2028<&>😀\""},
		{"escapes that are needed are written in one way", `"\"\\\u0022\u005c\b\f\n\r\t\u0000\u001F"`, `"\"\\\"\\\u0008\u000c\u000a\u000d\u0009\u0000\u001f"`},
		{"escapes in names", `{"\u0061\n":1}`, `{"a\u000a":1}`},
		{"nothing but a value", ` false `, `false`},
	} {
		got, err := template.Canonical([]byte(tt.in))
		if err != nil || string(got) != tt.want {
			t.Errorf("%s: %s, %v; want %s", tt.name, got, err, tt.want)
		}
	}
	for _, tt := range []struct{ name, in, says string }{
		{"a name twice", `{"a":1,"a":1}`, "/a: the name stands twice"},
		{"a name twice, written otherwise", `{"x":{"a":1,"\u0061":1}}`, "/x/a: the name stands twice"},
		{"a huge number", `[1e309]`, "/0: the number is too large or too long"},
		{"a number of very many digits", `[` + strings.Repeat("1", 100) + `]`, "/0: the number is too large or too long"},
		{"deep nesting", strings.Repeat("[", 101) + strings.Repeat("]", 101), "nested deeper than 100 levels"},
		{"not UTF-8", "\"\xc3\x28\"", "not UTF-8"},
		{"the first half of a character", `"\ud83d"`, "half a character"},
		{"the second half of a character", `["a","x\udE00"]`, "half a character"},
		{"two first halves", `"\ud83d\ud83d\ude00"`, "half a character"},
		{"halves with a letter between", `"\ud83dx\ude00"`, "half a character"},
		{"half a character in a name", `{"\ud83d":1}`, "half a character"},
		{"nothing", ``, "ends early"},
		{"two values", `1 2`, "something follows"},
		{"a comment", `{} // so`, "something follows"},
		{"a mark of byte order before it", "\ufeff{}", "no JSON at byte"},
	} {
		if got, err := template.Canonical([]byte(tt.in)); !errors.Is(err, template.ErrInvalid) || !strings.Contains(fmt.Sprint(err), tt.says) {
			t.Errorf("%s: %s, %v; want %q", tt.name, got, err, tt.says)
		}
	}
	if got, err := template.Canonical([]byte(`"\\ud83d"`)); err != nil || string(got) != `"\\ud83d"` {
		t.Errorf("a backslash before ud83d is no escape: %s, %v", got, err)
	}
}

// meaning reads JSON without a loss.
func meaning(t interface{ Fatal(...any) }, text []byte) any {
	var v any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// FuzzCanonical: what is written means what was read, and is written as it is
// once more; what other writers of JSON make of it comes to the same.
func FuzzCanonical(f *testing.F) {
	for _, seed := range []string{workspaceSchema, workspaceMain, workspaceJSON, `{"\u2028":"<\/\ud83d\ude00","":[{}],"a":-0.0e-5}`, `"\u0000\u007f"`, `[[[1]]]`, `{"a":1,"a":2}`, `"\ud800"`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		once, err := template.Canonical(text)
		if err != nil {
			return
		}
		want := meaning(t, text)
		if got := meaning(t, once); !reflect.DeepEqual(got, want) {
			t.Fatalf("%q became %q", text, once)
		}
		if twice, err := template.Canonical(once); err != nil || !bytes.Equal(twice, once) {
			t.Fatalf("%q, then %q, %v", once, twice, err)
		}
		for _, escape := range []bool{true, false} {
			var other bytes.Buffer
			e := json.NewEncoder(&other)
			e.SetEscapeHTML(escape)
			e.SetIndent("", "\t")
			if err := e.Encode(want); err != nil {
				t.Fatal(err)
			}
			if again, err := template.Canonical(other.Bytes()); err != nil || !bytes.Equal(again, once) {
				t.Fatalf("%q, indented %q, %v", once, again, err)
			}
		}
	})
}

// TestDigestIsOfWhatIsSaid: packages that say the same have one digest, and no
// others.
func TestDigestIsOfWhatIsSaid(t *testing.T) {
	t.Parallel()
	indented := func(text string) string {
		out, err := json.MarshalIndent(object(t, text), "", "    ")
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	first := template.Digest(demo())
	for _, tt := range []struct {
		name, file, content string
		same                bool
	}{
		{"the schema in another order, with blanks", s, indented(workspaceSchema), true},
		{"the ARM template in another order, with blanks", m, indented(workspaceMain), true},
		{"the description in another order, with blanks", d, indented(workspaceJSON), true},
		{"members of the description that are empty", d, strings.Replace(workspaceJSON, `"kind": "workspace"`, `"kind": "workspace", "parent": "", "more": [], "less": {}, "none": null`, 1), true},
		{"an empty member of the schema", s, strings.Replace(workspaceSchema, `"type": "object"`, `"type": "object", "more": []`, 1), false},
		{"an empty member of the ARM template", m, strings.Replace(workspaceMain, `"parameters": {`, `"functions": [], "parameters": {`, 1), false},
		{"a number that is written otherwise", s, strings.Replace(workspaceSchema, `"maximum": 100`, `"maximum": 100.0`, 1), false},
		{"the order of a list", s, strings.Replace(workspaceSchema, `"auth_type", "address_space_size"`, `"address_space_size", "auth_type"`, 1), false},
		{"a blank in a text", s, strings.Replace(workspaceSchema, `"For tests."`, `"For  tests."`, 1), false},
		{"a blank in a file that is no JSON", "main.bicep", "targetScope = 'subscription' \n", false},
		{"JSON that cannot be read, as its bytes", m, `{"a":1,"a":2}`, false},
	} {
		files := demo()
		if tt.content == string(files[tt.file]) {
			t.Fatalf("%s: nothing is changed", tt.name)
		}
		files[tt.file] = []byte(tt.content)
		if got := template.Digest(files); (got == first) != tt.same {
			t.Errorf("%s: the same digest %t, want %t", tt.name, got == first, tt.same)
		}
	}
	if template.Digest(map[string][]byte{m: []byte(`{"a":1,"a":2}`)}) == template.Digest(map[string][]byte{m: []byte(`{"a":2,"a":1}`)}) {
		t.Error("two texts that cannot be read have one digest")
	}
}

// TestDigestsOfDifferentTemplates: whatever is changed in a file that can be
// read, the digest changes with it exactly when the canonical text does.
func TestDigestsOfDifferentTemplates(t *testing.T) {
	t.Parallel()
	value := rapid.SampledFrom([]string{`1`, `1.0`, `"a"`, `"\u0061"`, `"b"`, `[]`, `{}`, `null`, `{"x":1,"y":2}`, `{"y":2,"x":1}`, ` [1, 2]`, `[1,2]`})
	rapid.Check(t, func(t *rapid.T) {
		a, b := []byte(`{"v":`+value.Draw(t, "a")+`}`), []byte(`{"v":`+value.Draw(t, "b")+`}`)
		one, errA := template.Canonical(a)
		other, errB := template.Canonical(b)
		same := template.Digest(map[string][]byte{m: a}) == template.Digest(map[string][]byte{m: b})
		if errA != nil || errB != nil || same != bytes.Equal(one, other) {
			t.Fatalf("%s, %s: %t, %v, %v", a, b, same, errA, errB)
		}
	})
}
