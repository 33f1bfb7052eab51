package template

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// faultsOf adds what a validation found: the leaves, in our words, because the
// library's hold the values.
func faultsOf(e *jsonschema.ValidationError, faults []Fault) []Fault {
	pointer := pointerOf(e.InstanceLocation)
	switch k := e.ErrorKind.(type) {
	case *kind.AnyOf, *kind.OneOf, *kind.Not, *kind.Contains, *kind.MinContains, *kind.MaxContains:
	case *kind.Required:
		return missing(faults, pointer, "required", k.Missing)
	case *kind.Dependency:
		return missing(faults, pointer, "dependencies", k.Missing)
	case *kind.DependentRequired:
		return missing(faults, pointer, "dependentRequired", k.Missing)
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			faults = append(faults, Fault{pointer + "/" + escape(name), "additionalProperties", "is no property of the template"})
		}
		return faults
	case *kind.PropertyNames: // the library forgets where
		return append(faults, Fault{"", propertyNames, "hold a property whose name is not allowed"})
	default:
		if len(e.Causes) > 0 {
			for _, cause := range e.Causes {
				faults = faultsOf(cause, faults)
			}
			return faults
		}
	}
	rule := keyword(e)
	return append(faults, Fault{pointer, rule, message(e.ErrorKind, rule)})
}

func missing(faults []Fault, pointer, rule string, names []string) []Fault {
	for _, name := range names {
		faults = append(faults, Fault{pointer + "/" + escape(name), rule, "is missing"})
	}
	return faults
}

// keyword is the rule that was broken.
func keyword(e *jsonschema.ValidationError) string {
	if _, ok := e.ErrorKind.(*kind.FalseSchema); ok {
		if strings.HasSuffix(e.SchemaURL, "/"+unevaluated) {
			return unevaluated
		}
		return "false"
	}
	path := e.ErrorKind.KeywordPath()
	if len(path) == 0 {
		return "type"
	}
	return path[0]
}

func pointerOf(tokens []string) string {
	var b strings.Builder
	for _, token := range tokens {
		b.WriteString("/" + escape(token))
	}
	return b.String()
}

// propertyNames is the keyword that says which names properties may have.
const propertyNames = "propertyNames"

// message says what the schema wants; never what was entered.
func message(k jsonschema.ErrorKind, rule string) string {
	switch k := k.(type) {
	case *kind.FalseSchema:
		return "is no property of the template as the others are set"
	case *kind.Type:
		return "is " + k.Got + ", want " + strings.Join(k.Want, " or ")
	case *kind.Enum:
		return "want one of " + listed(k.Want)
	case *kind.Const:
		return "want " + listed([]any{k.Want})
	case *kind.Format:
		if k.Want == "regex" {
			return "is no regular expression of RE2, which looks neither ahead nor back: https://github.com/google/re2/wiki/Syntax"
		}
		return "is no valid " + k.Want
	case *kind.Pattern:
		return "does not match the pattern " + short(k.Want)
	case *kind.MinLength:
		return fmt.Sprintf("want at least %d characters", k.Want)
	case *kind.MaxLength:
		return fmt.Sprintf("want at most %d characters", k.Want)
	case *kind.MinItems:
		return fmt.Sprintf("want at least %d items", k.Want)
	case *kind.MaxItems:
		return fmt.Sprintf("want at most %d items", k.Want)
	case *kind.MinProperties:
		return fmt.Sprintf("want at least %d properties", k.Want)
	case *kind.MaxProperties:
		return fmt.Sprintf("want at most %d properties", k.Want)
	case *kind.UniqueItems:
		return "holds the same item twice"
	case *kind.AnyOf, *kind.OneOf:
		return "is none of the forms that it may have"
	default:
		return bounds(k, rule)
	}
}

func bounds(k jsonschema.ErrorKind, rule string) string {
	switch k := k.(type) {
	case *kind.Minimum:
		return "want at least " + k.Want.RatString()
	case *kind.Maximum:
		return "want at most " + k.Want.RatString()
	case *kind.ExclusiveMinimum:
		return "want more than " + k.Want.RatString()
	case *kind.ExclusiveMaximum:
		return "want less than " + k.Want.RatString()
	case *kind.MultipleOf:
		return "want a multiple of " + k.Want.RatString()
	default:
		return "breaks the rule " + rule
	}
}

// listed writes values of the schema.
func listed(values []any) string {
	const most = 20
	var words []string
	for _, v := range values[:min(len(values), most)] {
		text, err := json.Marshal(v)
		if err != nil {
			continue
		}
		words = append(words, short(string(text)))
	}
	if len(values) > most {
		words = append(words, "…")
	}
	return strings.Join(words, ", ")
}

// short bounds a text of the schema.
func short(s string) string {
	const most = 200
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
