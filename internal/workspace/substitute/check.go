package substitute

import (
	"errors"
	"fmt"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Rules is what is known of a step when its template is registered.
type Rules struct {
	// Kind of the resource whose pipeline it is.
	Kind workspace.Kind
	// Secret tells whether what a token reads is, holds, or is part of something
	// sensitive: a path below the properties of the resource (depth 0), of its
	// parent (1), or of that one's parent (2). Nil: nothing is.
	Secret func(depth int, path []string) bool
	// Hides tells whether a property of the step's target is sensitive. Nil: none
	// is.
	Hides func(property string) bool
}

// Check returns ErrInvalid, with every reason, if the step could not be filled
// in, or would show a secret: a token may read a sensitive property only alone,
// as the whole value of a sensitive property of the target.
func Check(step Step, rules Rules) error {
	var wrong []error
	for _, p := range step.Properties {
		for _, err := range []error{form(p), rules.tokens(p)} {
			if err != nil {
				wrong = append(wrong, fmt.Errorf("property %.80q: %w", p.Name, err))
			}
		}
	}
	return errors.Join(wrong...)
}

// form checks how the property is put into its target.
func form(p workspace.Property) error {
	object, isObject := p.Value.(map[string]any)
	known := slices.Contains([]string{overwrite, appendItem, remove, replace}, p.Substitution)
	switch {
	case !isName(p.Name):
		return fmt.Errorf("the name is not one of a property: %w", ErrInvalid)
	case p.Substitution != "" && !known:
		return fmt.Errorf("arraySubstitutionAction %.40q: %w: overwrite, append, remove or replace", p.Substitution, ErrInvalid)
	case p.Type != "array" && p.Substitution != "":
		return fmt.Errorf("arraySubstitutionAction %s: %w: the type is not array", p.Substitution, ErrInvalid)
	case p.Type != "array":
		return nil
	case isObject && p.Substitution == "":
		return fmt.Errorf("arraySubstitutionAction is missing: %w", ErrInvalid)
	case !isObject && p.Substitution != "" && p.Substitution != overwrite:
		return fmt.Errorf("arraySubstitutionAction %s: %w: the value is no object", p.Substitution, ErrInvalid)
	case p.Substitution != remove && p.Substitution != replace:
		return nil
	case p.MatchField == "":
		return fmt.Errorf("arrayMatchField is missing: %w", ErrInvalid)
	case object[p.MatchField] == nil:
		return fmt.Errorf("arrayMatchField %.80q: %w: the value has no such field", p.MatchField, ErrInvalid)
	}
	return nil
}

// tokens checks every token in the property's value.
func (r Rules) tokens(p workspace.Property) error {
	var wrong []error
	whole, _ := p.Value.(string)
	each(p.Value, func(s string) {
		parts, err := parse(s)
		if err != nil {
			wrong = append(wrong, err)
		}
		for _, part := range parts {
			if part.token != nil {
				wrong = append(wrong, r.token(part.token, p.Name, s == whole && len(parts) == 1))
			}
		}
	})
	return errors.Join(wrong...)
}

func (r Rules) token(t *token, property string, alone bool) error {
	if above := parents(r.Kind); t.depth > len(above) {
		return fmt.Errorf("it reads parent %d, a %s has %d: %w", t.depth, r.Kind, len(above), ErrInvalid)
	}
	if t.attribute != properties || r.Secret == nil || !r.Secret(t.depth, t.path) {
		return nil
	}
	switch {
	case r.Hides == nil || !r.Hides(property):
		return fmt.Errorf("it reads the sensitive %s into a property that is not sensitive: %w", t.pointer(), ErrInvalid)
	case !alone:
		return fmt.Errorf("it reads the sensitive %s as a part of a text or object: %w: a secret is passed on as a whole", t.pointer(), ErrInvalid)
	}
	return nil
}

// each calls f for every text in the value.
func each(v any, f func(string)) {
	switch v := v.(type) {
	case string:
		f(v)
	case []any:
		for _, item := range v {
			each(item, f)
		}
	case map[string]any:
		for _, item := range v {
			each(item, f)
		}
	}
}

// Secrets lists the properties that the step fills with a secret of its source,
// and which secret in the vault that is: what Apply returns for these is only
// the mark in its place.
func Secrets(step Step, primary Source) (map[string]string, error) {
	found := map[string]string{}
	for _, p := range step.Properties {
		s, _ := p.Value.(string)
		parts, err := parse(s)
		if err != nil {
			return nil, fmt.Errorf("property %q: %w", p.Name, err)
		}
		if len(parts) != 1 || parts[0].token == nil || parts[0].token.attribute != properties {
			continue
		}
		r, err := primary.at(parts[0].token.depth)
		if err != nil {
			return nil, fmt.Errorf("property %q: %w", p.Name, err)
		}
		if secret, ok := r.Secrets[parts[0].token.pointer()]; ok {
			found[p.Name] = secret
		}
	}
	return found, nil
}
