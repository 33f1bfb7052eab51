package funchost

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/internal/local/funchost/jtoken"
)

// bindingData is what a trigger knows beside its value: an ordered dictionary
// that ignores the case of names and keeps their first spelling.
type bindingData struct {
	entries []bindingEntry
}

type bindingEntry struct {
	name  string
	value any // string, int64, time.Time or jtoken.Token
}

// set adds a value, or replaces the one of that name where it stands.
func (d *bindingData) set(name string, value any) {
	for i := range d.entries {
		if strings.EqualFold(d.entries[i].name, name) {
			d.entries[i].value = value
			return
		}
	}
	d.entries = append(d.entries, bindingEntry{name, value})
}

// add adds a value unless there is one of that name.
func (d *bindingData) add(name string, value any) {
	if _, ok := d.get(name); !ok {
		d.set(name, value)
	}
}

func (d *bindingData) get(name string) (any, bool) {
	for _, e := range d.entries {
		if strings.EqualFold(e.name, name) {
			return e.value, true
		}
	}
	return nil, false
}

// leak copies the properties of a JSON object into the binding data, as
// Utility.ApplyBindingData does: scalars become text, objects stay, arrays and
// nulls do not come along. Text that is no JSON object leaks nothing.
func (d *bindingData) leak(text string) {
	trimmed := strings.TrimSpace(text)
	if !strings.HasPrefix(trimmed, "{") || !strings.HasSuffix(trimmed, "}") {
		return
	}
	object, err := jtoken.Parse(trimmed, jtoken.ParseDates)
	if err != nil {
		return
	}
	for _, p := range object.Fields {
		switch p.Value.Kind {
		case jtoken.Array, jtoken.Null:
		case jtoken.Object:
			d.set(p.Name, p.Value)
		default:
			d.set(p.Name, p.Value.String())
		}
	}
}

// metadata is the Metadata object of a request: everything but the trigger's
// own value, whose key ends in "trigger".
func (d *bindingData) metadata() jtoken.Token {
	t := jtoken.Token{Kind: jtoken.Object}
	for _, e := range d.entries {
		if !strings.HasSuffix(strings.ToLower(e.name), "trigger") {
			t = t.Set(e.name, encode(e.value))
		}
	}
	return t
}

// encode is ScriptInvocationContextExtensions' rule for values: objects stay
// objects, bytes become base64, dates become dates, and everything else
// becomes a string that holds its JSON.
func encode(v any) jtoken.Token {
	switch v := v.(type) {
	case []byte:
		return jtoken.Of(base64.StdEncoding.EncodeToString(v))
	case time.Time:
		return jtoken.Of(v.UTC().Format("2006-01-02T15:04:05") + "+00:00")
	case string:
		return jtoken.Of(jtoken.Quoted(v))
	case int64:
		return jtoken.Of(strconv.FormatInt(v, 10))
	case jtoken.Token:
		if v.Kind == jtoken.Object {
			return v
		}
		return jtoken.Of(v.JSON())
	}
	return jtoken.Of("null")
}

// sys is the binding data "sys" (SystemBindingData).
func sys(function, guid string, now time.Time) jtoken.Token {
	return jtoken.Token{}.
		Set("MethodName", jtoken.Of(function)).
		Set("UtcNow", jtoken.Of(jtoken.FormatDate(now, jtoken.UTC))).
		Set("RandGuid", jtoken.Of(guid))
}

// requestBody is the body of a call in the JSON protocol.
func requestBody(name string, data jtoken.Token, d *bindingData) string {
	return jtoken.Token{}.
		Set("Data", jtoken.Token{}.Set(name, data)).
		Set("Metadata", d.metadata()).
		JSON()
}

func integer(n int64) jtoken.Token {
	return jtoken.Token{Kind: jtoken.Integer, Text: strconv.FormatInt(n, 10)}
}

func boolean(b bool) jtoken.Token { return jtoken.Token{Kind: jtoken.Bool, Flag: b} }
