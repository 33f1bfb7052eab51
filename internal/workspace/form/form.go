// Package form turns a template's schema into a form that a person fills in
// without a script, and what was filled in into properties: of a new resource,
// or those that change. Fields that depend on others come once the others are
// filled in: the form asks for more, and is sent again. It is pure, and knows
// no HTML: a page shows its fields, and sends them back by their names.
package form

import (
	"maps"
	"slices"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// What a page sends back, by name.
const (
	// Prefix is before the name of a property where its value is sent.
	Prefix = "p."
	// Shown names, once a field, the properties that the page asked for: of a
	// box that is not ticked, a browser says nothing.
	Shown = "shown"
)

// Sent is what a page sent back, as url.Values are.
type Sent map[string][]string

func (s Sent) shown(name string) bool { return slices.Contains(s[Shown], name) }

// Form is what a person fills in.
type Form struct {
	Fields []Field
	Fixed  []Fixed // of a change: what stays as it is
	// Properties are what was filled in: of a new resource without what default
	// values give; of a change only what changes.
	Properties map[string]any
	More       []string // labels of fields that were not asked for before
	Wrong      bool     // something is wrong with what was filled in: fields say what, or Rest does
	Rest       []string // what is wrong and about no field
}

// Fixed is a property that cannot be changed.
type Fixed struct{ Label, Value string }

// New is the form of a new resource, with the template's default values.
func New(t template.Template) Form { return newReader(t, nil, nil).form(map[string]any{}) }

// Filled is the form of a new resource as a page sent it back: its properties,
// what is wrong with them, and what it asks for beside.
func Filled(t template.Template, sent Sent) Form {
	f := newReader(t, nil, sent).settled()
	f.told(t.Validate(t.Defaults(f.Properties)))
	return f
}

// Change is the form of a change of a resource whose properties are old, which
// are masked. t is of the version that it has afterwards.
func Change(t template.Template, old map[string]any) Form {
	return newReader(t, old, nil).form(map[string]any{})
}

// Changed is the form of a change as a page sent it back. Its properties are
// those that change, which may be none.
func Changed(t template.Template, old map[string]any, sent Sent) Form {
	f := newReader(t, old, sent).settled()
	f.told(t.ValidatePatch(old, f.Properties))
	return f
}

// Refreshed is a form as a page sent it back to see what else it asks for; old is
// nil for a new resource. Nothing is held against the schema.
func Refreshed(t template.Template, old map[string]any, sent Sent) Form {
	return newReader(t, old, sent).settled()
}

// Facts are the properties of a resource as people read them, in the form's
// order: what the template hides is left out, and so are secrets and texts that
// are empty.
func Facts(t template.Template, properties map[string]any) []Fixed {
	var all []Fixed
	for _, a := range t.Asked(properties) {
		x := newField(a)
		v, known := properties[a.Name]
		if text := x.written(v); known && !x.hidden && !a.Sensitive && v != workspace.Redacted && text != "" {
			all = append(all, Fixed{x.Label, text})
		}
	}
	return all
}

// Decides tells whether an answer decides what else is asked for.
func (f Form) Decides() bool {
	return slices.ContainsFunc(f.Fields, func(x Field) bool { return x.Decides })
}

// Faults are the fields with which something is wrong.
func (f Form) Faults() []Field {
	return slices.DeleteFunc(slices.Clone(f.Fields), func(x Field) bool { return x.Fault == "" })
}

// told puts faults of the schema at the fields that they are about. A field that
// was not asked for yet has none.
func (f *Form) told(err error) {
	for _, fault := range faultsOf(err) {
		name, rest := split(fault.Pointer)
		i := slices.IndexFunc(f.Fields, func(x Field) bool { return x.Name == name })
		switch {
		case i < 0:
			f.Rest = append(f.Rest, strings.TrimPrefix(fault.Pointer+": ", ": ")+fault.Message)
		case f.Fields[i].Asked && f.Fields[i].Fault == "":
			f.Fields[i].Fault = placed(rest, fault.Message)
		}
	}
	wrong := len(f.Faults()) > 0
	if wrong || len(f.More) > 0 { // the rest may come of what is still to be filled in
		f.Rest = nil
	}
	f.Wrong = wrong || len(f.Rest) > 0
}

// reader makes a form of what is known of a resource and what was sent.
type reader struct {
	t      template.Template
	old    map[string]any // of a change
	change bool
	sent   Sent // nil: nothing was
}

func newReader(t template.Template, old map[string]any, sent Sent) reader {
	return reader{t: t, old: old, change: old != nil, sent: sent}
}

// maxRounds is how often what was filled in may ask for more by itself: deeper
// than conditions are nested.
const maxRounds = 12

// settled is the form once what was filled in decides what is asked for.
func (r reader) settled() Form {
	f := r.form(map[string]any{})
	for range maxRounds {
		next := r.form(f.Properties)
		same := equal(next.Properties, f.Properties)
		if f = next; same {
			break
		}
	}
	return f
}

// form is the form by what is filled in so far.
func (r reader) form(filled map[string]any) Form {
	instance := maps.Clone(r.old)
	if instance == nil {
		instance = map[string]any{}
	}
	maps.Copy(instance, filled)
	full := r.t.Defaults(instance)
	f := Form{Properties: map[string]any{}}
	for _, a := range r.t.Asked(full) {
		x := newField(a)
		_, known := full[a.Name]
		switch {
		case x.hidden && (known || r.change || !x.Required):
			continue
		case r.change && !x.updateable:
			if known && !a.Sensitive && full[a.Name] != workspace.Redacted {
				f.Fixed = append(f.Fixed, Fixed{x.Label, x.written(full[a.Name])})
			}
			continue
		}
		if r.fill(&x, full); x.Asked {
			r.take(&f, &x)
		} else if r.sent != nil {
			f.More = append(f.More, x.Label)
		}
		f.Fields = append(f.Fields, x)
	}
	return f
}

// fill puts into a field what is to be seen in it.
func (r reader) fill(x *Field, full map[string]any) {
	_, was := r.old[x.Name]
	x.Kept, x.Asked = r.change && was && x.Kind == Secret, r.sent.shown(x.Name)
	if x.Asked {
		x.write(r.sent[Prefix+x.Name])
	} else if v, ok := full[x.Name]; ok {
		x.show(v)
	}
	chosen := slices.ContainsFunc(x.Options, func(o Option) bool { return o.Chosen })
	x.Blank = !chosen || !x.Required && !x.defaults && !was
	if v, ok := r.t.Defaults(nil)[x.Name]; ok && !was && (x.Kind == Line || x.Kind == Paragraph || x.Kind == Number) {
		x.Else = x.written(v)
	}
}

// take reads a field into the form's properties.
func (r reader) take(f *Form, x *Field) {
	v, given, fault := x.read(r.sent[Prefix+x.Name])
	if fault == "" && r.change {
		v, given, fault = x.changed(r.old, v, given)
	}
	if x.Fault = fault; fault != "" {
		f.Wrong = true
		return
	}
	if given {
		f.Properties[x.Name] = v
	}
}
