package template

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Fault is one thing that is wrong with what people entered. It never holds
// what they entered, for that may be a secret.
type Fault struct {
	Pointer string `json:"pointer"` // JSON pointer to the property
	Rule    string `json:"rule"`    // keyword of the schema that it breaks
	Message string `json:"message"`
}

// Invalid is all that is wrong, at most ten faults of it.
type Invalid struct {
	Faults []Fault
	More   int // faults that are not told
}

// maxFaults is how many faults are told.
const maxFaults = 10

// Error lists the faults.
func (e *Invalid) Error() string {
	lines := make([]string, 0, len(e.Faults)+1)
	for _, f := range e.Faults {
		lines = append(lines, cmp.Or(strings.TrimPrefix(f.Pointer, "/"), "properties")+": "+f.Message)
	}
	if e.More > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", e.More))
	}
	return strings.Join(lines, "; ")
}

// invalid returns the faults in order, each once; nil if there are none.
func invalid(faults []Fault) error {
	if len(faults) == 0 {
		return nil
	}
	slices.SortFunc(faults, func(a, b Fault) int {
		return strings.Compare(a.Pointer+"\x00"+a.Rule+"\x00"+a.Message, b.Pointer+"\x00"+b.Rule+"\x00"+b.Message)
	})
	faults = slices.Compact(faults)
	told := min(len(faults), maxFaults)
	e := &Invalid{Faults: faults[:told], More: len(faults) - told}
	for i := range e.Faults {
		e.Faults[i].Pointer = short(e.Faults[i].Pointer)
	}
	return e
}

// Validate checks the properties of a new resource, after Defaults. It returns
// an *Invalid.
func (t Template) Validate(instance map[string]any) error {
	if err := plain(instance); err != nil {
		return err
	}
	faults := faulty(t.form.create, instance)
	_, secrets := t.mask(instance, true)
	for pointer, value := range secrets {
		if value == workspace.Redacted {
			faults = append(faults, Fault{pointer, "sensitive", "is the mark that stands for a secret; give the secret itself"})
		}
	}
	return invalid(t.form.telling(faults))
}

// telling leaves out that a property of a condition is unknown where something
// else is wrong too: one fault within a condition makes all its properties
// unknown.
func (f *form) telling(faults []Fault) []Fault {
	echo := func(x Fault) bool {
		first, _, _ := strings.Cut(strings.TrimPrefix(x.Pointer, "/"), "/")
		return x.Rule == unevaluated && len(f.members[unescape(first)]) > 0
	}
	if !slices.ContainsFunc(faults, func(x Fault) bool { return !echo(x) }) {
		return faults
	}
	return slices.DeleteFunc(faults, echo)
}

// unevaluated is the keyword that refuses properties nobody speaks of.
const unevaluated = "unevaluatedProperties"

// ValidatePatch checks a change of a resource whose properties are old; t is the
// template of the version that it has afterwards (W57). Only updateable
// properties may change; what the patch does not touch may stay as it is, even
// if the version would not take it today. It returns an *Invalid.
func (t Template) ValidatePatch(old, patch map[string]any) error {
	if err := plain(patch); err != nil {
		return err
	}
	var faults []Fault
	for name := range patch {
		if says := t.form.members[name]; len(says) > 0 && !slices.ContainsFunc(says, func(o map[string]any) bool { return o["updateable"] == true }) {
			faults = append(faults, Fault{"/" + escape(name), "updateable", "cannot be changed after the resource was made"})
		}
	}
	before := map[string]any{}
	for name, v := range old {
		if _, known := t.form.members[name]; known && plain(map[string]any{name: v}) == nil {
			before[name] = v
		}
	}
	known := faulty(t.form.patch, before)
	after := maps.Clone(before)
	maps.Copy(after, patch)
	for _, f := range faulty(t.form.patch, after) {
		first, _, _ := strings.Cut(strings.TrimPrefix(f.Pointer, "/"), "/")
		given, touched := patch[unescape(first)]
		touched = touched && given != workspace.Redacted // the mark sent back changes nothing
		stale := f.Rule == "unevaluatedProperties"       // a condition that no longer holds takes its properties along
		if touched || !stale && !slices.Contains(known, f) {
			faults = append(faults, f)
		}
	}
	for _, f := range faulty(t.form.patch, patch) { // these do not tell where they are
		if f.Rule == propertyNames {
			faults = append(faults, f)
		}
	}
	return invalid(t.form.telling(faults))
}

// faulty lists the faults that a compiled schema finds.
func faulty(s *jsonschema.Schema, instance map[string]any) []Fault {
	err := s.Validate(instance)
	if wrong, ok := errors.AsType[*jsonschema.ValidationError](err); ok {
		return faultsOf(wrong, nil)
	}
	return nil
}

// maxInstance is how many values the properties of a resource may hold.
const maxInstance = 50000

// plain checks that properties are plain JSON of bounded size and depth.
func plain(instance map[string]any) error {
	left := maxInstance
	if err := plainValue(instance, 0, &left); err != nil {
		return invalid([]Fault{{err.pointer, "type", err.text}})
	}
	return nil
}

func plainValue(v any, depth int, left *int) *decodeError {
	if *left--; *left < 0 {
		return &decodeError{"", fmt.Sprintf("hold more than %d values", maxInstance)}
	}
	if depth > maxDepth {
		return &decodeError{"", fmt.Sprintf("are nested deeper than %d levels", maxDepth)}
	}
	switch v := v.(type) {
	case nil, bool, string, int, int64:
		return nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return &decodeError{"", "is no number"}
		}
		return nil
	case json.Number:
		if !sane(v) {
			return &decodeError{"", "is no number, or one that is too large or too long"}
		}
		return nil
	case []any:
		for i, item := range v {
			if err := plainValue(item, depth+1, left); err != nil {
				return err.in(strconv.Itoa(i))
			}
		}
		return nil
	case map[string]any:
		for name, item := range v {
			if len(name) > maxName {
				return &decodeError{"", fmt.Sprintf("hold a name that is longer than %d bytes", maxName)}
			}
			if err := plainValue(item, depth+1, left); err != nil {
				return err.in(name)
			}
		}
		return nil
	default:
		return &decodeError{"", "is no JSON"}
	}
}
