package eventgrid

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Filter chooses events; its parts are AND-ed. The zero value takes all.
// Source: https://learn.microsoft.com/azure/event-grid/event-filtering
type Filter struct {
	// IncludedEventTypes are the event types to take. Empty: all.
	IncludedEventTypes []string
	// SubjectBeginsWith and SubjectEndsWith compare without regard to case unless CaseSensitive.
	SubjectBeginsWith, SubjectEndsWith string
	CaseSensitive                      bool
	// Advanced look into the event.
	Advanced []AdvancedFilter
}

// AdvancedFilter compares one value of an event, such as data.api, with a list; one that fits is enough.
type AdvancedFilter struct {
	// Operator is one of StringIn, StringNotIn, StringBeginsWith, StringEndsWith, StringContains, NumberIn,
	// NumberGreaterThan, NumberLessThan, BoolEquals, IsNullOrUndefined, IsNotNull.
	Operator string
	// Key is id, topic, subject, eventType, dataVersion, or data followed by names, joined by dots.
	Key string
	// Values are strings, numbers (float64) or booleans, as the operator needs.
	Values []any
}

// operators compare an event's value with one of the filter's.
var operators = map[string]func(have, want any) bool{
	"StringIn":          stringly(func(h, w string) bool { return h == w }),
	"StringNotIn":       stringly(func(h, w string) bool { return h == w }), // negated over the whole list in match
	"StringBeginsWith":  stringly(strings.HasPrefix),
	"StringEndsWith":    stringly(strings.HasSuffix),
	"StringContains":    stringly(strings.Contains),
	"NumberIn":          numerically(func(h, w float64) bool { return h == w }),
	"NumberGreaterThan": numerically(func(h, w float64) bool { return h > w }),
	"NumberLessThan":    numerically(func(h, w float64) bool { return h < w }),
	"BoolEquals":        func(have, want any) bool { return have == want },
	"IsNullOrUndefined": nil,
	"IsNotNull":         nil,
}

// stringly compares without regard to case, as advanced filters do.
func stringly(compare func(have, want string) bool) func(have, want any) bool {
	return func(have, want any) bool {
		h, ok1 := have.(string)
		w, ok2 := want.(string)
		return ok1 && ok2 && compare(strings.ToLower(h), strings.ToLower(w))
	}
}

func numerically(compare func(have, want float64) bool) func(have, want any) bool {
	return func(have, want any) bool {
		h, ok1 := have.(float64)
		w, ok2 := want.(float64)
		return ok1 && ok2 && compare(h, w)
	}
}

// check says what is wrong with a filter.
func (f Filter) check() error {
	for _, a := range f.Advanced {
		if _, ok := operators[a.Operator]; !ok {
			return fmt.Errorf("filter operator %q is not known here", a.Operator)
		}
	}
	return nil
}

// Match says whether the event passes.
func (f Filter) Match(e Event) bool {
	if len(f.IncludedEventTypes) > 0 && !slices.ContainsFunc(f.IncludedEventTypes, func(t string) bool { return strings.EqualFold(t, e.EventType) }) {
		return false
	}
	subject, begins, ends := e.Subject, f.SubjectBeginsWith, f.SubjectEndsWith
	if !f.CaseSensitive {
		subject, begins, ends = strings.ToLower(subject), strings.ToLower(begins), strings.ToLower(ends)
	}
	if !strings.HasPrefix(subject, begins) || !strings.HasSuffix(subject, ends) {
		return false
	}
	return !slices.ContainsFunc(f.Advanced, func(a AdvancedFilter) bool { return !a.match(e) })
}

func (a AdvancedFilter) match(e Event) bool {
	have := value(e, a.Key)
	switch a.Operator {
	case "IsNullOrUndefined":
		return have == nil
	case "IsNotNull":
		return have != nil
	}
	compare := operators[a.Operator]
	fits := slices.ContainsFunc(a.Values, func(want any) bool { return compare(have, want) })
	return fits != (a.Operator == "StringNotIn")
}

// value finds a key in an event; nil where it is not.
func value(e Event, key string) any {
	path := strings.Split(key, ".")
	switch strings.ToLower(path[0]) {
	case "id":
		return e.ID
	case "topic":
		return e.Topic
	case "subject":
		return e.Subject
	case "eventtype":
		return e.EventType
	case "dataversion":
		return e.DataVersion
	}
	var at any
	if path[0] != "data" || json.Unmarshal(e.Data, &at) != nil {
		return nil
	}
	for _, name := range path[1:] {
		object, ok := at.(map[string]any)
		if !ok {
			return nil
		}
		at = object[name]
	}
	return at
}
