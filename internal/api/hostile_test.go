package api_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/danielgtaylor/huma/v2"
	"pgregory.net/rapid"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
)

// target is a route with a body, as its description has it.
type target struct {
	method  string
	path    string
	example map[string]any
	schema  *huma.Schema
}

// targets are the routes that change something, and how to call them well.
func targets(t testing.TB, s api.Settings) (all []target, doc *huma.OpenAPI) {
	t.Helper()
	doc = api.Description(s)
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		item := doc.Paths[path]
		for method, op := range map[string]*huma.Operation{"POST": item.Post, "PUT": item.Put, "PATCH": item.Patch, "DELETE": item.Delete} {
			if op == nil {
				continue
			}
			one := target{method: method, path: path, example: map[string]any{}}
			if op.RequestBody != nil {
				media := op.RequestBody.Content["application/json"]
				one.schema = media.Schema
				for one.schema.Ref != "" {
					one.schema = doc.Components.Schemas.SchemaFromRef(one.schema.Ref)
				}
				one.example = media.Example.(map[string]any)
			}
			all = append(all, one)
		}
	}
	return all, doc
}

// wrong are values that fit no field of ours.
var wrong = map[string]string{
	"null": `null`, "a number": `7`, "a huge number": `1e400`, "a list": `[[]]`, "an object": `{"a":{}}`, "a long text": `"` + strings.Repeat("x", 40_000) + `"`,
	"a control character": `"\u0000"`, "half a character": `"\ud800"`, "text that turns round": `"\u202e"`, "no JSON": `nul`, "deep": strings.Repeat("[", 500) + strings.Repeat("]", 500),
	"not finished": `"`, "a bare word": `NaN`, "hexadecimal": `0x10`, "a trailing comma": `[1,]`,
}

// with is the example with one field as the text says.
func (x target) with(field, text string) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, name := range slices.Sorted(maps.Keys(x.example)) {
		value, _ := json.Marshal(x.example[name]) //nolint:errchkjson // read from JSON
		if name == field {
			value = []byte(text)
		}
		if i > 0 {
			b.WriteByte(',')
		}
		name, _ := json.Marshal(name) //nolint:errchkjson // a text
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.String()
}

// hostile are whole bodies and how they are sent.
func (x target) hostile() map[string][]string {
	good, _ := json.Marshal(x.example) //nolint:errchkjson // read from JSON
	var wide bytes.Buffer
	for _, unit := range utf16.Encode([]rune("\ufeff" + string(good))) {
		wide.Write([]byte{byte(unit), byte(unit >> 8)})
	}
	all := map[string][]string{
		"another field": {`{"status":"approved",` + string(good[1:])}, "a list of it": {"[" + string(good) + "]"}, "a text": {`"x"`}, "null": {"null"},
		"two of it": {string(good) + string(good)}, "in UTF-16": {wide.String()}, "with a byte order mark": {"\ufeff" + string(good)},
		"as a form": {"a=b", "Content-Type", "application/x-www-form-urlencoded"}, "as XML": {"<a/>", "Content-Type", "text/xml"},
		"as parts": {"--x\r\n\r\nx\r\n--x--", "Content-Type", "multipart/form-data; boundary=x"}, "of an odd type": {string(good), "Content-Type", "application/json;;;=,"},
		"packed": {string(good), "Content-Encoding", "br"}, "a megabyte and one": {`{"a":"` + strings.Repeat("x", 1<<20) + `"}`}, "cut": {string(good[:len(good)-1])},
		"with a bad key": {string(good), keyHeader, "\x01"}, "with a long key": {string(good), keyHeader, strings.Repeat("k", 1000)}, "nested": {strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100)},
		"to another version": {string(good), "If-Match", `W/"never"`}, "wanted as XML": {string(good), "Accept", "application/xml"},
	}
	for name := range x.example {
		quoted, _ := json.Marshal(name) //nolint:errchkjson // a text
		all[name+" twice"] = []string{"{" + string(quoted) + ":1," + string(good[1:])}
		for what, text := range wrong {
			all[name+": "+what] = []string{x.with(name, text)}
		}
	}
	return all
}

// TestHostileBodies sends what its description does not allow to every route,
// as somebody who may call it: no fault of ours, and nothing changes.
func TestHostileBodies(t *testing.T) {
	t.Parallel()
	b := newBench(t).estate()
	path := b.stage(airlock.InReview)
	id, draft := path[len(list(here))+1:], b.draft()[len(list(here))+1:]
	all, _ := targets(t, b.settings)
	if len(all) < 10 {
		t.Fatalf("%d routes", len(all))
	}
	before := b.everything()
	for _, x := range all {
		who, of := "rita", id // researcher and manager
		if strings.HasSuffix(x.path, "/remove") || strings.HasSuffix(x.path, "/cancel") || strings.HasSuffix(x.path, "/submit") {
			who, of = "ann", draft
		}
		if !strings.Contains(x.path, "/requests") {
			who = "adam"
		}
		if strings.Contains(x.path, "/workspace-services") {
			who = "olga"
		}
		at := placed(x.path, here, of)
		accepted := map[string]int{}
		for what, sent := range x.hostile() {
			if !x.minds(what) {
				continue
			}
			w := b.call(x.method, at, who, sent[0], append(sent[1:], x.condition()...)...)
			if w.Code >= 500 || w.Code < 400 && !fits(x, what) {
				t.Errorf("%s %s, %s: %d %.200s", x.method, x.path, what, w.Code, w.Body)
			}
			if w.Code < 400 {
				accepted[what] = w.Code
			}
		}
		if after := b.everything(); len(accepted) == 0 && !slices.Equal(before, after) {
			t.Errorf("%s %s: one that was refused changed something", x.method, x.path)
		}
		if len(accepted) > 0 { // again without these: nothing may change then
			b.refusals(x, at, who, accepted)
		}
		before = b.everything()
	}
}

// refusals sends what was refused again: it must have left everything as it was.
func (b *bench) refusals(x target, at, who string, accepted map[string]int) {
	b.t.Helper()
	before := b.everything()
	for what, sent := range x.hostile() {
		if accepted[what] == 0 && x.minds(what) {
			b.call(x.method, at, who, sent[0], append(sent[1:], x.condition()...)...)
		}
	}
	if !slices.Equal(before, b.everything()) {
		b.t.Errorf("%s %s: one that was refused changed something", x.method, x.path)
	}
}

// minds tells that the route looks at what is wrong.
func (x target) minds(what string) bool {
	return (what != "to another version" || x.versioned()) && (x.schema != nil || refusedAnyway(what))
}

// condition is the header without which that is all that is wrong with a change.
func (x target) condition() []string {
	if x.method == "PATCH" {
		return []string{"ETag", "*"}
	}
	return nil
}

// refusedAnyway are what a route refuses that looks at no field.
func refusedAnyway(what string) bool {
	return slices.Contains([]string{"as a form", "as XML", "as parts", "packed", "a megabyte and one", "cut", "two of it", "in UTF-16", "nested", "with a bad key",
		"to another version", "wanted as XML"}, what)
}

// versioned tells that a change may say which version it changes.
func (x target) versioned() bool {
	return strings.Contains(x.path, "{airlock_request_id}") || x.method == "PATCH" && !strings.Contains(x.path, "/users/")
}

// fits tells that a field takes what is wrong in all others, or that nobody
// looks at the body.
func fits(x target, what string) bool {
	name, value, _ := strings.Cut(what, ": ")
	optional := x.schema != nil && !slices.Contains(x.schema.Required, name)
	return x.method == "DELETE" || name == "properties" && value == "an object" || name == "hours" && value == "a number" || optional && value == "null" // as if it were left out
}

// TestHostileValues puts any JSON into any field.
func TestHostileValues(t *testing.T) {
	t.Parallel()
	b := newBench(t).estate()
	all, _ := targets(t, b.settings)
	id := b.stage(airlock.InReview)[len(list(here))+1:]
	rapid.Check(t, func(rt *rapid.T) {
		x := rapid.SampledFrom(all).Draw(rt, "route")
		body := map[string]any{}
		for name, value := range x.example {
			if body[name] = value; rapid.Bool().Draw(rt, "hostile") {
				body[name] = anything(3).Draw(rt, name)
			}
		}
		text, err := json.Marshal(body)
		if err != nil {
			return
		}
		at := placed(x.path, here, id)
		before := b.everything()
		w := b.call(x.method, at, rapid.SampledFrom([]string{"ann", "olga", "rita", "mia", "adam", "sam"}).Draw(rt, "who"), string(text))
		if w.Code >= 500 {
			rt.Fatalf("%s: %d %s", x.path, w.Code, w.Body)
		}
		if w.Code >= 400 && !slices.Equal(before, b.everything()) {
			rt.Fatalf("%s: refused with %d, and changed something", x.path, w.Code)
		}
	})
}

// anything is a JSON value of bounded depth.
func anything(depth int) *rapid.Generator[any] {
	plain := []*rapid.Generator[any]{rapid.Just[any](nil), rapid.String().AsAny(), rapid.Float64Range(-1e300, 1e300).AsAny(), rapid.Bool().AsAny(), rapid.Int64().AsAny()}
	if depth > 0 {
		plain = append(plain, rapid.SliceOfN(rapid.Deferred(func() *rapid.Generator[any] { return anything(depth - 1) }), 0, 3).AsAny(),
			rapid.MapOfN(rapid.String(), rapid.Deferred(func() *rapid.Generator[any] { return anything(depth - 1) }), 0, 3).AsAny())
	}
	return rapid.OneOf(plain...)
}

// TestHostileAddresses puts anything into every parameter of every read.
func TestHostileAddresses(t *testing.T) {
	t.Parallel()
	b := newBench(t).estate()
	id := b.stage(airlock.InReview)[len(list(here))+1:]
	_, doc := targets(t, b.settings)
	before := b.everything()
	values := []string{"", "\x00", "-1", "999999999999999999999", "1e9", "' or 1 eq 1", "../../x", "%2e%2e", strings.Repeat("9", 5000), "\xff", "null", "[]", "{}", "0:~", "1.2.3", "é", "\u202e"}
	asked := 0
	for path, item := range doc.Paths {
		if item.Get == nil {
			continue
		}
		for _, p := range item.Get.Parameters {
			for _, value := range values {
				at, query := placed(path, here, id), url.Values{}
				switch p.In {
				case "query":
					query.Set(p.Name, value)
				case "path":
					at = strings.Replace(path, "{"+p.Name+"}", url.PathEscape(value), 1)
					at = placed(at, here, id)
				}
				for _, who := range []string{"rita", "olga", "adam"} {
					asked++
					if w := b.call("GET", at+"?"+query.Encode(), who, ""); w.Code >= 500 {
						t.Errorf("%s with %s=%.40q as %s: %d %.200s", path, p.Name, value, who, w.Code, w.Body)
					}
				}
			}
		}
	}
	if asked < 500 || !slices.Equal(before, b.everything()) {
		t.Errorf("%d reads, or they changed something", asked)
	}
}
