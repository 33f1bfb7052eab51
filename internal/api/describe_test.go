package api_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/api"
)

// document reads a description as any client does.
func (b *bench) document(path string) (d document) {
	b.t.Helper()
	w := b.call("GET", path, "", "")
	if w.Code != 200 {
		b.t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	b.must(json.Unmarshal(w.Body.Bytes(), &d))
	return d
}

type document struct {
	OpenAPI    string
	Paths      map[string]map[string]operation
	Components struct{ Schemas map[string]schema }
}

type operation struct {
	Tags        []string
	Summary     string
	Description string
	OperationID string
	Roles       []access.Role `json:"x-roles"`
	Parameters  []struct {
		Name, In, Description string
		Schema                json.RawMessage
		Example               any
	}
	RequestBody *struct{ Content map[string]media }
	Responses   map[string]struct {
		Description string
		Content     map[string]media
		Headers     map[string]any
	}
}

type media struct {
	Schema  json.RawMessage
	Example any
}

type schema struct {
	Type                 any
	Description          string
	Ref                  string `json:"$ref"`
	Properties           map[string]schema
	Items                *schema
	AdditionalProperties any
}

// TestDescription walks both descriptions: nothing in them may lack what a
// client's author has to know.
func TestDescription(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for path, version := range map[string]string{"/api/openapi.json": "3.1.0", "/api/openapi-3.0.json": "3.0.3"} {
		d := b.document(path)
		if d.OpenAPI != version {
			t.Errorf("%s is %s", path, d.OpenAPI)
		}
		ids := map[string]bool{}
		for _, r := range api.Routes() {
			op, ok := d.Paths[r.Path][strings.ToLower(r.Method)]
			if !ok {
				t.Errorf("%s: %s %s is not in it", path, r.Method, r.Path)
				continue
			}
			if ids[op.OperationID] {
				t.Errorf("%s: two routes are called %s", path, op.OperationID)
			}
			ids[op.OperationID] = true
			complete(t, r, op)
		}
		for name, s := range d.Components.Schemas {
			explained(t, name, s)
		}
	}
}

func complete(t *testing.T, r api.Route, op operation) {
	t.Helper()
	lacks := func(what string) { t.Helper(); t.Errorf("%s %s: no %s", r.Method, r.Path, what) }
	if op.Summary == "" || len(op.Tags) != 1 {
		lacks("summary or chapter")
	}
	if r.Action == "" {
		if !strings.Contains(op.Description, "Open to everybody") {
			lacks("word that it is open")
		}
	} else if !slices.Equal(op.Roles, access.Roles(r.Action)) || !strings.Contains(op.Description, "Roles: "+string(op.Roles[0])) {
		lacks("roles")
	}
	good, bad := 0, 0
	for status, response := range op.Responses {
		if response.Description == "" {
			lacks("meaning of " + status)
		}
		if status < "400" {
			good++
			if status != "204" && string(response.Content["application/json"].Schema) == "" {
				lacks("schema of the answer " + status)
			}
			continue
		}
		bad++
		if len(response.Content) == 0 {
			lacks("form of " + status)
		}
	}
	if always := strings.Contains(op.Description, "Always refused"); good != 1 && !always || good != 0 && always || bad == 0 {
		lacks("answer or errors")
	}
	if r.Action != "" && (op.Responses["401"].Description == "" || op.Responses["429"].Headers["Retry-After"] == nil) {
		lacks("401, or Retry-After of 429")
	}
	for _, p := range op.Parameters {
		if p.Description == "" {
			lacks("meaning of " + p.Name)
		}
	}
}

// explained tells fields that nothing is said of. A reference says it with its
// own fields.
func explained(t *testing.T, name string, s schema) {
	t.Helper()
	for field, p := range s.Properties {
		if p.Description == "" && p.Ref == "" && !strings.HasPrefix(name, "Error") {
			t.Errorf("type %s: nothing is said of %s", name, field)
		}
	}
}

// TestExamples holds every example against its schema.
func TestExamples(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	doc := api.Description(b.settings)
	schemas, checked := doc.Components.Schemas, 0
	check := func(what string, s *huma.Schema, example any) {
		t.Helper()
		text, err := json.Marshal(example)
		b.must(err)
		var value any
		b.must(json.Unmarshal(text, &value))
		res := &huma.ValidateResult{}
		huma.Validate(schemas, s, huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, value, res)
		for _, err := range res.Errors {
			t.Errorf("%s: %v in %s", what, err, text)
		}
		checked++
	}
	for path, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op == nil {
				continue
			}
			if op.RequestBody != nil {
				for _, m := range op.RequestBody.Content {
					check("body of "+path, m.Schema, m.Example)
					if text, err := json.Marshal(m.Example); err != nil || strings.Contains(string(text), `""`) {
						t.Errorf("body of %s: nobody would send %s (%v)", path, text, err)
					}
				}
			}
			for status, response := range op.Responses {
				for _, m := range response.Content {
					if m.Example == nil {
						t.Errorf("%s %s: no example", path, status)
						continue
					}
					check(status+" of "+path, m.Schema, m.Example)
				}
			}
		}
	}
	if checked < 100 {
		t.Errorf("only %d examples", checked)
	}
}

// TestPage looks at the page for people: all routes, nothing from elsewhere,
// nothing that runs.
func TestPage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	w := b.call("GET", "/api/docs", "", "")
	page, policy := w.Body.String(), w.Header().Get("Content-Security-Policy")
	if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		t.Fatalf("%d %s", w.Code, w.Header().Get("Content-Type"))
	}
	if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "style-src 'sha256-") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q", policy)
	}
	for _, bad := range []string{"<script", "src=", "http://", "at least 1 characters", "url(", "@import", " style=", "onload"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	for _, r := range api.Routes() {
		if !strings.Contains(page, "<code>"+r.Path+"</code>") {
			t.Errorf("the page lacks %s", r.Path)
		}
	}
	for _, m := range regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(page, -1) {
		if !strings.Contains(page, `id="`+m[1]+`"`) {
			t.Errorf("a link leads to %s, which is not there", m[1])
		}
	}
	if n := strings.Count(page, "<h1"); n != 1 {
		t.Errorf("%d headings of the first order", n)
	}
}
