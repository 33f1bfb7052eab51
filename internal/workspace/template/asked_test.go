package template_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// askedSchema has a property of each way to be asked for: at the top, by a
// condition, by one within that, by what is not there, and under anyOf.
const askedSchema = `{"$schema":"http://json-schema.org/draft-07/schema","type":"object","title":"T","description":"d","required":["plain"],
	"properties":{"plain":{"type":"string"},"kind":{"type":"string"},"late":{"type":"string"},"word":{"type":"string","sensitive":true}},
	"anyOf":[{"properties":{"either":{"type":"string"}}},{}],
	"allOf":[{"if":{"properties":{"kind":{"const":"a"}},"required":["kind"]},
		"then":{"properties":{"one":{"type":"string","title":"One"},"kind":{"minLength":1}},"required":["one","late"],
			"if":{"not":{"required":["one"]}},"then":{"properties":{"inner":{"type":"string"}}}},
		"else":{"properties":{"other":{"type":"string"}}}}],
	"uiSchema":{"one":{"ui:widget":"textarea"},"ui:order":["word","one"]}}`

// TestAsked says what a form asks for by what is filled in already.
func TestAsked(t *testing.T) {
	t.Parallel()
	tpl, err := template.Parse(map[string][]byte{"template.json": []byte(`{"name":"tpl","version":"0.1.0","kind":"workspace"}`),
		"template_schema.json": []byte(askedSchema), "main.json": []byte(workspaceEmpty)}, template.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	const always = "display_name! description! overview word* "
	for in, want := range map[string]string{
		`{}`:                        always + "either kind? late other plain!",
		`{"kind":"b"}`:              always + "either kind? late other plain!",
		`{"kind":"a"}`:              always + "one!? either inner kind? late! plain!",
		`{"kind":"a","one":"done"}`: always + "one!? either kind? late! plain!",
	} {
		var got []string
		for _, a := range tpl.Asked(object(t, in)) {
			mark := map[bool]string{true: "!"}[a.Required] + map[bool]string{true: "?"}[a.Decides] + map[bool]string{true: "*"}[a.Sensitive]
			got = append(got, a.Name+mark)
			if a.Name == "one" && (a.UI["ui:widget"] != "textarea" || a.Says[0]["title"] != "One") {
				t.Errorf("%+v", a)
			}
			if said := fmt.Sprint(len(a.Says)); a.Name == "kind" && said != map[bool]string{true: "2", false: "1"}[strings.Contains(in, `"a"`)] {
				t.Errorf("%s: %s parts speak of kind", in, said)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s asks for %s\nwant %s", in, strings.Join(got, " "), want)
		}
	}
}

const workspaceEmpty = `{"$schema":"https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#","contentVersion":"1.0.0.0","parameters":{},"resources":[],"outputs":{}}`
