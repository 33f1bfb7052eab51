package form_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/trefoil-tre/trefoil/internal/workspace/form"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// kinds of schema that a property may have.
var kinds = []string{
	`{"type":"string"}`, `{"type":"string","minLength":2,"maxLength":4,"updateable":true}`, `{"type":"string","pattern":"^[a-c]+$","default":"abc","updateable":true}`,
	`{"type":"string","enum":["a","b","c"],"updateable":true}`, `{"enum":[1,"1",true,null],"default":1}`, `{"const":"only"}`, `{"type":"integer","minimum":1,"exclusiveMaximum":9,"updateable":true}`,
	`{"type":"number","multipleOf":0.5}`, `{"type":"boolean","updateable":true}`, `{"type":"boolean","default":true,"updateable":true}`,
	`{"type":"array","items":{"type":"string","maxLength":3},"maxItems":2,"default":["x"],"updateable":true}`, `{"type":"array","uniqueItems":true,"items":{"enum":["a","b"]},"updateable":true}`,
	`{"type":"array","items":{"type":"integer"}}`, `{"type":"object","properties":{"k":{"type":"string"}},"updateable":true}`, `{"type":"string","sensitive":true,"updateable":true}`,
	`{"type":"object","properties":{"k":{"type":"string","sensitive":true}}}`, `{"type":["integer","null"],"title":"A"}`, `{}`,
}

// texts are what people, and others, may write into any field.
var texts = []string{"", " ", "a", "abc", "b", "1", "5", "9", "2.5", "on", "true", "null", "x\r\ny", "1\n2", `{"k":"v"}`, `{"k":1}`, "[1]", "{", "\x00", "only", "<b>", strings.Repeat("z", 40), `"1"`}

// drawn is a template of a few properties, some of which others ask for.
func drawn(t *rapid.T) template.Template {
	var properties, required, conditions []string
	n := rapid.IntRange(1, 5).Draw(t, "properties")
	kind := rapid.SampledFrom(kinds)
	for i := range n {
		properties = append(properties, fmt.Sprintf(`"p%d":%s`, i, kind.Draw(t, "schema")))
		if rapid.Bool().Draw(t, "required") {
			required = append(required, fmt.Sprintf(`"p%d"`, i))
		}
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "conditions") {
		on := rapid.IntRange(0, n-1+i).Draw(t, "on") // also on what another one asks for
		name, of := fmt.Sprintf("p%d", on), fmt.Sprintf("p%d", n+i)
		conditions = append(conditions, fmt.Sprintf(`{"if":{"properties":{%q:{"enum":["a","only",true,1,5]}},"required":[%[1]q]},"then":{"properties":{%[2]q:%[3]s},"required":[%[2]q]}}`,
			name, of, kind.Draw(t, "schema")))
	}
	return made(t, strings.Join(properties, ","), `,"required":[`+strings.Join(required, ",")+`],"allOf":[`+strings.Join(append(conditions, `{}`), ",")+`]`)
}

// written is the form as somebody sends it back, who writes anything anywhere.
func written(t *rapid.T, f form.Form, secret string) form.Sent {
	s := sent(f)
	for _, x := range f.Fields {
		if !rapid.Bool().Draw(t, "touched") {
			continue
		}
		text := rapid.SampledFrom(texts).Draw(t, x.Name)
		if x.Kind == form.Secret {
			text = secret
		}
		if s[x.Input()] = []string{text}; len(x.Options) > 0 && rapid.Bool().Draw(t, "chosen") {
			s[x.Input()] = []string{rapid.SampledFrom(x.Options).Draw(t, "choice").Text}
		}
	}
	return s
}

// TestWhatIsFilledInIsTaken: whatever anybody writes, the form gives properties
// that the schema takes, or names a field that has to change, or asks for more,
// and comes to an end.
func TestWhatIsFilledInIsTaken(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tpl := drawn(t)
		f := form.New(tpl)
		for round := 0; ; round++ {
			s := written(t, f, "canary-value")
			if round == 0 {
				s[form.Prefix+"display_name"], s[form.Prefix+"description"] = []string{"N"}, []string{"D"}
			}
			f = form.Filled(tpl, s)
			noCanary(t, f)
			err := tpl.Validate(tpl.Defaults(f.Properties))
			switch {
			case f.Wrong != (len(f.Faults()) > 0 || len(f.Rest) > 0):
				t.Fatalf("wrong %t without a word: %+v", f.Wrong, f)
			case !f.Wrong && len(f.More) == 0 && err != nil:
				t.Fatalf("it says nothing of %v", err)
			case !f.Wrong && len(f.More) == 0:
				unchanged(t, tpl, f.Properties)
				return
			case round > 12 && len(f.More) > 0 && !f.Wrong:
				t.Fatalf("it asks for more without an end: %v", f.More)
			case f.Wrong && round > 3:
				return
			}
		}
	})
}

// noCanary fails where what was written as a secret is to be shown.
func noCanary(t *rapid.T, f form.Form) {
	for _, x := range f.Fields {
		if x.Kind == form.Secret && (x.Value != "" || len(x.Options) > 0) || strings.Contains(x.Fault, "canary") {
			t.Fatalf("a secret is shown: %+v", x)
		}
	}
}

// unchanged: the form of a change that nobody touches changes nothing.
func unchanged(t *rapid.T, tpl template.Template, properties map[string]any) {
	masked, _ := tpl.Mask(tpl.Defaults(properties))
	f := form.Change(tpl, masked)
	if f = form.Changed(tpl, masked, sent(f)); f.Wrong || len(f.Properties) > 0 || len(f.More) > 0 {
		t.Fatalf("untouched, it changes %v of %v: %+v", f.Properties, masked, f)
	}
	changed := form.Changed(tpl, masked, written(t, form.Change(tpl, masked), "canary-value"))
	noCanary(t, changed)
	if err := tpl.ValidatePatch(masked, changed.Properties); !changed.Wrong && len(changed.More) == 0 && err != nil {
		t.Fatalf("a change says nothing of %v", err)
	}
	for name := range changed.Properties {
		if !slices.ContainsFunc(changed.Fields, func(x form.Field) bool { return x.Name == name && x.Asked }) {
			t.Fatalf("%s changes, and nobody was asked", name)
		}
	}
}
