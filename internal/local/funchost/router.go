package funchost

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// router finds the HTTP function of a request, by the rules of ASP.NET routes
// as far as function.json can use them.
// https://learn.microsoft.com/aspnet/core/fundamentals/routing
type router struct {
	routes []route // the more specific first
}

type route struct {
	function *function
	segments []segment
}

type segment struct {
	name     string // of a parameter; "" is literal text
	literal  string
	optional bool
	rest     bool // {*name}: takes everything that is left
	check    *regexp.Regexp
}

// routeParam is one value taken from a path; absent is an optional parameter
// that the path does not have.
type routeParam struct {
	name   string
	value  string
	absent bool
}

// constraints are the inline constraints the stand-in knows.
var constraints = map[string]*regexp.Regexp{
	"int":   regexp.MustCompile(`^-?\d{1,10}$`),
	"long":  regexp.MustCompile(`^-?\d{1,19}$`),
	"bool":  regexp.MustCompile(`^(?i:true|false)$`),
	"alpha": regexp.MustCompile(`^[A-Za-z]*$`),
	"guid":  regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`),
}

func newRouter(prefix string, functions []*function) (router, error) {
	var r router
	for _, f := range functions {
		if !f.trigger.is(httpTrigger) || f.disabled {
			continue
		}
		template := f.name
		if f.trigger.Route != nil && *f.trigger.Route != "" {
			template = strings.Trim(*f.trigger.Route, "/")
		}
		segments, err := parseRoute(strings.Trim(prefix+"/"+template, "/"))
		if err != nil {
			return r, fmt.Errorf("%w: function %s: %w", errConfig, f.name, err)
		}
		r.routes = append(r.routes, route{f, segments})
	}
	slices.SortStableFunc(r.routes, func(a, b route) int { return slices.CompareFunc(a.segments, b.segments, specificity) })
	return r, nil
}

// specificity orders literal text before parameters before the rest.
func specificity(a, b segment) int { return cmp.Compare(a.rank(), b.rank()) }

func (s segment) rank() int {
	switch {
	case s.rest:
		return 3
	case s.name != "" && s.check == nil:
		return 2
	case s.name != "":
		return 1
	}
	return 0
}

func parseRoute(template string) ([]segment, error) {
	var all []segment
	for part := range strings.SplitSeq(template, "/") {
		if !strings.HasPrefix(part, "{") || !strings.HasSuffix(part, "}") {
			all = append(all, segment{literal: part})
			continue
		}
		inner := part[1 : len(part)-1]
		s := segment{}
		if strings.HasPrefix(inner, "*") {
			s.rest, inner = true, strings.TrimLeft(inner, "*")
		}
		if strings.HasSuffix(inner, "?") {
			s.optional, inner = true, strings.TrimSuffix(inner, "?")
		}
		name, constraint, constrained := strings.Cut(inner, ":")
		if constrained {
			if s.check = constraints[constraint]; s.check == nil {
				return nil, fmt.Errorf("route %q: constraint %q is not supported by the stand-in", template, constraint)
			}
		}
		s.name = name
		all = append(all, s)
	}
	return all, nil
}

// find returns the function of a method and an escaped path.
func (r router) find(method, escapedPath string) (*function, []routeParam, bool) {
	var parts []string
	if trimmed := strings.Trim(escapedPath, "/"); trimmed != "" {
		parts = strings.Split(trimmed, "/")
	}
	for i := range parts {
		parts[i] = unescape(parts[i])
	}
	for _, candidate := range r.routes {
		if params, ok := candidate.match(parts); ok && candidate.function.takes(method) {
			return candidate.function, params, true
		}
	}
	return nil, nil, false
}

func (f *function) takes(method string) bool {
	return len(f.trigger.Methods) == 0 || slices.ContainsFunc(f.trigger.Methods, func(m string) bool {
		return strings.EqualFold(m, method)
	})
}

func (r route) match(parts []string) ([]routeParam, bool) {
	var params []routeParam
	for _, s := range r.segments {
		switch {
		case s.rest:
			return append(params, routeParam{name: s.name, value: strings.Join(parts, "/"), absent: len(parts) == 0}), true
		case len(parts) == 0 && s.optional:
			params = append(params, routeParam{name: s.name, absent: true})
			continue
		case len(parts) == 0:
			return nil, false
		case s.name == "" && !strings.EqualFold(s.literal, parts[0]):
			return nil, false
		case s.check != nil && !s.check.MatchString(parts[0]):
			return nil, false
		case s.name != "":
			params = append(params, routeParam{name: s.name, value: parts[0]})
		}
		parts = parts[1:]
	}
	return params, len(parts) == 0
}

// unescape decodes a path but for %2F, which ASP.NET keeps.
func unescape(part string) string {
	pieces := strings.Split(strings.ReplaceAll(part, "%2f", "%2F"), "%2F")
	for i := range pieces {
		if plain, err := url.PathUnescape(pieces[i]); err == nil {
			pieces[i] = plain
		}
	}
	return strings.Join(pieces, "%2F")
}
