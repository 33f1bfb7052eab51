package form_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/form"
)

// TestKinds says how each kind of property is asked for, and what is read of it.
func TestKinds(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		schema, written string
		kind            form.Kind
		want            string // JSON; "" for nothing
		fault           string
	}{
		"text":                                 {`{"type":"string"}`, " a b ", form.Line, `"a b"`, ""},
		"no text":                              {`{"type":"string"}`, "  ", form.Line, ``, ""},
		"text that is too long":                {`{"type":"string","maxLength":2}`, "abc", form.Line, `"abc"`, "want at most 2 characters"},
		"a whole number":                       {`{"type":"integer"}`, "12", form.Number, `12`, ""},
		"no whole number":                      {`{"type":"integer"}`, "1.5", form.Number, ``, "is no whole number"},
		"a number":                             {`{"type":"number"}`, "-1.5e1", form.Number, `-15`, ""},
		"no number":                            {`{"type":"number"}`, "1,5", form.Number, ``, "is no number"},
		"infinity":                             {`{"type":"number"}`, "Inf", form.Number, ``, "is no number"},
		"a hexadecimal number":                 {`{"type":"number"}`, "0x10", form.Number, ``, "is no number"},
		"a huge number":                        {`{"type":"integer"}`, "99999999999999999", form.Number, ``, "is a number that is too large to be kept exactly"},
		"a number that would be another one":   {`{"type":"integer"}`, "9007199254740993", form.Number, ``, "is a number that is too large to be kept exactly"},
		"the largest number":                   {`{"type":"integer"}`, "9007199254740991", form.Number, `9007199254740991`, ""},
		"a number out of any range":            {`{"type":"number"}`, "1e999", form.Number, ``, "is a number that is too large to be kept exactly"},
		"a number above the limit":             {`{"type":"integer","maximum":3}`, "4", form.Number, `4`, "want at most 3"},
		"a box that is ticked":                 {`{"type":"boolean"}`, "on", form.Check, `true`, ""},
		"a box that is not":                    {`{"type":"boolean"}`, "-", form.Check, ``, ""},
		"a box that is ticked unless somebody": {`{"type":"boolean","default":true}`, "-", form.Check, `false`, ""},
		"one of several":                       {`{"enum":["a","b"]}`, "b", form.Choice, `"b"`, ""},
		"none of several":                      {`{"enum":["a","b"]}`, "", form.Choice, ``, ""},
		"something else":                       {`{"enum":["a","b"]}`, "c", form.Choice, ``, "is none of the choices"},
		"a number among several":               {`{"enum":["1",1,true]}`, "true", form.Choice, `true`, ""},
		"what reads the same":                  {`{"enum":[1,"1"]}`, `"1"`, form.Choice, `"1"`, ""},
		"the only one":                         {`{"const":7}`, "7", form.Choice, `7`, ""},
		"a list":                               {`{"type":"array","items":{"type":"string"}}`, "a\r\n\r\n b \r\n", form.Lines, `["a","b"]`, ""},
		"a list of numbers":                    {`{"type":"array","items":{"type":"integer"}}`, "1\n2", form.Lines, `[1,2]`, ""},
		"a list with no number":                {`{"type":"array","items":{"type":"integer"}}`, "1\nx", form.Lines, ``, "line 2 is no number"},
		"a list with a wrong entry":            {`{"type":"array","items":{"type":"string","pattern":"^a"}}`, "ab\nb", form.Lines, `["ab","b"]`, "entry 2 does not match the pattern ^a"},
		"an emptied list":                      {`{"type":"array","items":{"type":"string"},"default":["x"]}`, "", form.Lines, `[]`, ""},
		"any of several":                       {`{"type":"array","uniqueItems":true,"items":{"enum":["a","b"]}}`, "b", form.Choices, `["b"]`, ""},
		"none of those":                        {`{"type":"array","uniqueItems":true,"items":{"enum":["a","b"]}}`, "c", form.Choices, ``, "is none of the choices"},
		"an object":                            {`{"type":"object"}`, `{"a": 1}`, form.JSON, `{"a":1}`, ""},
		"no object":                            {`{"type":"object"}`, `{"a"`, form.JSON, ``, "is no JSON"},
		"another kind of JSON":                 {`{"type":"object"}`, `[]`, form.JSON, `[]`, "is array, want object"},
		"a list of objects":                    {`{"type":"array","items":{"type":"object"}}`, `[{}]`, form.JSON, `[{}]`, ""},
		"a secret":                             {`{"type":"string","sensitive":true}`, " s ", form.Secret, `" s "`, ""},
		"a secret with something in it":        {`{"type":"object","properties":{"k":{"type":"string","sensitive":true}}}`, `{"k":"s"}`, form.Secret, `{"k":"s"}`, ""},
		"a text or nothing":                    {`{"type":["null","string"]}`, "x", form.Line, `"x"`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tpl := made(t, `"x":`+tt.schema, "")
			s := change{"display_name": "N", "description": "D", "x": tt.written}.to(sent(form.New(tpl)))
			f := form.Filled(tpl, s)
			x := field(t, f, "x")
			got := ""
			if v, ok := f.Properties["x"]; ok {
				got = asJSON(t, v)
			}
			if x.Kind != tt.kind || got != tt.want || x.Fault != tt.fault || f.Wrong != (tt.fault != "") {
				t.Errorf("%s %s, fault %q, wrong %t; want %s %s, fault %q", x.Kind, got, x.Fault, f.Wrong, tt.kind, tt.want, tt.fault)
			}
			if x.Kind == form.Secret && strings.Contains(asJSON(t, x), "s ") {
				t.Errorf("the secret is shown: %+v", x)
			}
		})
	}
}

// TestFirstParty: of our own templates everything that people may say is asked
// for, in the order that the template gives, and the untouched form is taken once
// the thing has a name.
func TestFirstParty(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"tre-workspace-base":              "display_name description overview shared_storage_quota storage_account_redundancy address_space_size enable_backup enable_airlock malware_scanning_cap deploy_to_another_subscription",
		"tre-service-guacamole":           "display_name description overview is_exposed_externally guac_disable_copy guac_disable_paste guac_enable_drive guac_disable_download guac_disable_upload app_service_plan_sku",
		"tre-service-guacamole-linuxvm":   "display_name description overview os_image vm_size shared_storage_access shutdown_when_idle enable_shutdown_schedule assign_to_another_user",
		"tre-service-guacamole-windowsvm": "display_name description overview os_image vm_size shared_storage_access shutdown_when_idle enable_shutdown_schedule assign_to_another_user",
	} {
		tpl := first(t, name)
		f := form.New(tpl)
		if got := strings.Join(names(f), " "); got != want {
			t.Errorf("%s asks for %s\nwant %s", name, got, want)
		}
		f = form.Filled(tpl, sent(f))
		if faults := f.Faults(); len(faults) != 2 || faults[0].Name != "display_name" || faults[1].Name != "description" {
			t.Errorf("%s, left empty: %+v", name, faults)
		}
		f = form.Filled(tpl, change{"display_name": "N", "description": "D"}.to(sent(form.New(tpl))))
		if f.Wrong || len(f.More) > 0 || tpl.Validate(tpl.Defaults(f.Properties)) != nil {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

// TestMoreIsAskedFor: what an answer asks for beside comes with the next page,
// keeps what was written, and goes away again with the answer.
func TestMoreIsAskedFor(t *testing.T) {
	t.Parallel()
	tpl := first(t, "tre-service-guacamole-linuxvm")
	s := change{"display_name": "N", "description": "D", "enable_shutdown_schedule": "on"}.to(sent(form.New(tpl)))
	f := form.Filled(tpl, s)
	if f.Wrong || !slices.Equal(f.More, []string{"Shutdown time", "Shutdown time zone"}) || !f.Decides() || !field(t, f, "enable_shutdown_schedule").Decides {
		t.Fatalf("more %v, faults %+v", f.More, f.Faults())
	}
	if x := field(t, f, "shutdown_time"); x.Value != "1800" || x.Asked || !x.Required || x.Fault != "" {
		t.Errorf("%+v", x)
	}
	f = form.Filled(tpl, change{"shutdown_time": "25"}.to(sent(f)))
	if len(f.More) > 0 || !f.Wrong || field(t, f, "shutdown_time").Value != "25" || field(t, f, "shutdown_time").Fault == "" || field(t, f, "display_name").Value != "N" {
		t.Errorf("a wrong time: %+v", f)
	}
	right := change{"shutdown_time": "1900"}.to(sent(f))
	if f = form.Filled(tpl, right); f.Wrong || f.Properties["shutdown_time"] != "1900" || f.Properties["shutdown_timezone"] != "UTC" {
		t.Errorf("a right time: %+v", f)
	}
	f = form.Filled(tpl, change{"enable_shutdown_schedule": "-"}.to(right))
	if _, there := f.Properties["shutdown_time"]; there || f.Wrong || slices.Contains(names(f), "shutdown_time") {
		t.Errorf("taken back: %+v", f)
	}
	if f := form.Refreshed(tpl, nil, change{"display_name": "", "assign_to_another_user": "on"}.to(s)); f.Wrong || !slices.Contains(f.More, "Owner id") {
		t.Errorf("refreshed: %+v", f)
	}
}

// TestChange: only what changes is sent, and what cannot be changed is shown.
func TestChange(t *testing.T) {
	t.Parallel()
	tpl := first(t, "tre-service-guacamole-linuxvm")
	old := tpl.Defaults(map[string]any{"display_name": "N", "description": " D\r\nE ", "workspace_id": "w", "overview": "text"})
	f := form.Change(tpl, old)
	if got := strings.Join(names(f), " "); got != "display_name description overview vm_size shared_storage_access shutdown_when_idle enable_shutdown_schedule" {
		t.Errorf("asks for %s", got)
	}
	if diff := cmp.Diff([]form.Fixed{{"Linux image", "Ubuntu 24.04 LTS"}, {"Assign this VM to another user", "no"}}, f.Fixed); diff != "" {
		t.Error(diff)
	}
	for name, tt := range map[string]struct {
		change change
		want   string
		fault  string
	}{
		"nothing":                    {change{}, `{}`, ""},
		"a size":                     {change{"vm_size": "4 CPU | 16GB RAM"}, `{"vm_size":"4 CPU | 16GB RAM"}`, ""},
		"a box":                      {change{"shared_storage_access": "-"}, `{"shared_storage_access":false}`, ""},
		"a number":                   {change{"shutdown_when_idle": "0"}, `{"shutdown_when_idle":0}`, ""},
		"a text that goes":           {change{"overview": ""}, `{"overview":""}`, ""},
		"a number that cannot go":    {change{"shutdown_when_idle": ""}, `{}`, "cannot be left empty again"},
		"a number that may not be":   {change{"shutdown_when_idle": "-1"}, `{"shutdown_when_idle":-1}`, "want at least 0"},
		"what nobody was asked for":  {change{"os_image": "Ubuntu 22.04 LTS"}, `{}`, ""},
		"what nobody can be told of": {change{"workspace_id": "other"}, `{}`, ""},
	} {
		s := tt.change.to(sent(form.Change(tpl, old)))
		s[form.Shown] = append(s[form.Shown], "os_image", "workspace_id")
		f := form.Changed(tpl, old, s)
		fault := ""
		for _, x := range f.Faults() {
			fault += x.Fault
		}
		if got := asJSON(t, f.Properties); got != tt.want || fault != tt.fault || f.Wrong != (fault != "") {
			t.Errorf("%s: %s, %q %v", name, got, fault, f.Rest)
		}
	}
	f = form.Changed(tpl, old, change{"enable_shutdown_schedule": "on"}.to(sent(f)))
	if f.Wrong || len(f.More) != 2 {
		t.Errorf("more: %+v", f)
	}
	if f = form.Changed(tpl, old, sent(f)); f.Wrong || asJSON(t, f.Properties) != `{"enable_shutdown_schedule":true,"shutdown_time":"1800","shutdown_timezone":"UTC"}` {
		t.Errorf("a schedule: %+v", f)
	}
}

// TestSecretStays: a secret that is left empty stays, and is never shown.
func TestSecretStays(t *testing.T) {
	t.Parallel()
	tpl := made(t, `"s":{"type":"string","sensitive":true,"updateable":true,"minLength":3}`, `,"required":["s"]`)
	old := map[string]any{"display_name": "N", "description": "D", "s": workspace.Redacted}
	f := form.Change(tpl, old)
	if x := field(t, f, "s"); !x.Kept || x.Value != "" || !x.Required {
		t.Errorf("%+v", x)
	}
	if f = form.Changed(tpl, old, sent(f)); f.Wrong || len(f.Properties) != 0 {
		t.Errorf("left empty: %+v", f)
	}
	if f = form.Changed(tpl, old, change{"s": "new one"}.to(sent(f))); f.Wrong || f.Properties["s"] != "new one" || field(t, f, "s").Value != "" {
		t.Errorf("another one: %+v", f)
	}
	if f = form.Filled(tpl, change{"display_name": "N", "description": "D"}.to(sent(form.New(tpl)))); field(t, f, "s").Fault != "is missing" || field(t, f, "s").Kept {
		t.Errorf("a new one: %+v", f)
	}
}

// TestHidden: what the template hides is not asked for, unless nothing else could
// give it a value.
func TestHidden(t *testing.T) {
	t.Parallel()
	tpl := made(t, `"a":{"type":"string","default":"x"},"b":{"type":"string"},"c":{"type":"string"},"d":{"type":"string","readOnly":true}`,
		`,"required":["c"],"uiSchema":{"a":{"classNames":"tre-hidden"},"b":{"ui:widget":"hidden"},"c":{"ui:widget":"hidden"},"overview":{"ui:widget":"textarea"}}`)
	f := form.New(tpl)
	if got := strings.Join(names(f), " "); got != "display_name description overview c" {
		t.Errorf("asks for %s", got)
	}
	if field(t, f, "overview").Kind != form.Paragraph || field(t, f, "c").ID() != "p-c" {
		t.Errorf("%+v", f.Fields)
	}
}

// TestWhatIsLeftEmpty: where a default value stands for what is left empty, the
// field says so, and does not offer to choose nothing.
func TestWhatIsLeftEmpty(t *testing.T) {
	t.Parallel()
	tpl := made(t, `"a":{"type":"string","default":"x","updateable":true},"b":{"enum":["p","q"],"default":"p"},"c":{"enum":["p","q"],"updateable":true},"n":{"type":"integer","default":0}`, `,"required":["c"]`)
	f := form.New(tpl)
	if field(t, f, "a").Else != "x" || field(t, f, "n").Else != "0" || field(t, f, "b").Blank || !field(t, f, "c").Blank || field(t, f, "display_name").Else != "" {
		t.Errorf("%+v", f.Fields)
	}
	f = form.Change(tpl, map[string]any{"display_name": "N", "description": "D", "a": "y", "b": "p", "c": "q"})
	if field(t, f, "a").Else != "" || field(t, f, "c").Blank {
		t.Errorf("of a change: %+v", f.Fields)
	}
}

// TestIDs: names that no id can have get one all the same.
func TestIDs(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"vm_size": "p-vm_size", "a b": "x-612062", `"><script>`: "x-223e3c7363726970743e", "": "x-"} {
		if got := (form.Field{Name: name}).ID(); got != want {
			t.Errorf("%q: %s", name, got)
		}
	}
}
