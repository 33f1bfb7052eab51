package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/trefoil-tre/trefoil/internal/access"
)

// introduction stands above the routes.
const introduction = `Paths, fields and codes are AzureTRE's where it has them; ours stand beside them.
Times are Unix seconds, sizes bytes, ids UUIDs in lower case. An id of another workspace, another request or another person's draft is answered as if it did not exist.
Errors are text, and JSON for wrong fields (422); send Accept: application/problem+json to get RFC 9457 instead.
Lists give everything, up to a cap, unless limit is given; the Link header leads to the next page.
Send an Idempotency-Key with a POST that may have to be repeated: the repeat changes nothing and answers with what the first made.`

// statusTexts say of a status when a route answers with it.
var statusTexts = map[int]string{
	http.StatusBadRequest:                  "The request as it stands does not allow it; the text says what is allowed now.",
	http.StatusUnauthorized:                "There is no good access token.",
	http.StatusForbidden:                   "The caller's roles do not allow it.",
	http.StatusNotFound:                    "There is no such thing, or the caller may not know of it.",
	http.StatusMethodNotAllowed:            "The airlock is switched off in this workspace.",
	http.StatusNotAcceptable:               "The Accept header takes nothing that this answers with.",
	http.StatusConflict:                    "Somebody else changed it meanwhile, the ETag header names another version, or the workspace is not deployed.",
	http.StatusPreconditionFailed:          "If-Match names another version than the one there is.",
	http.StatusRequestEntityTooLarge:       "The body is too large.",
	http.StatusUnsupportedMediaType:        "The body is not JSON in UTF-8.",
	http.StatusUnprocessableEntity:         "A field is wrong; the text names it and its limit.",
	http.StatusTooManyRequests:             "The caller made too many calls; Retry-After says how many seconds to wait.",
	http.StatusRequestHeaderFieldsTooLarge: "The headers are too large.",
	http.StatusInternalServerError:         "A fault of ours; X-Request-Id leads to it in our logs.",
	http.StatusServiceUnavailable:          "The service cannot answer now; try again after Retry-After seconds.",
}

// roles says who may call the route.
func (r Route) roles() []access.Role { return access.Roles(r.Action) }

// description is what the route's own words, its roles and its action say.
func (r Route) description() string {
	if r.Action == "" {
		return strings.TrimSpace(r.about + "\n\nOpen to everybody, signed in or not.")
	}
	var names []string
	for _, role := range r.roles() {
		names = append(names, string(role))
	}
	return strings.TrimSpace(fmt.Sprintf("%s\n\nRoles: %s.", r.about, strings.Join(names, ", ")))
}

// describeAll finishes what huma wrote. Everything that has a name in it comes
// first: examples are made of the names' fields.
func (a *api) describeAll(routes []Route) {
	schemas := a.huma.OpenAPI().Components.Schemas
	schemas.Schema(errorType, true, "ErrorModel")
	schemas.Schema(fieldsType, true, "Fields")
	for _, r := range routes {
		if r.answer != nil {
			schemas.Schema(r.answer, true, r.answer.Name())
		}
	}
	explain(schemas.Map())
	for _, r := range routes {
		a.describe(r)
	}
}

// describe finishes what huma wrote of a route: who may call it, its errors in
// both forms, the headers of changes, and examples made of those of its fields.
func (a *api) describe(r Route) {
	doc := a.huma.OpenAPI()
	op := operationAt(doc.Paths[r.Path], r.Method)
	if op == nil {
		return
	}
	op.Description, op.Tags = r.description(), []string{r.tag()}
	op.Extensions = map[string]any{"x-roles": r.roles(), "x-action": string(r.Action)}
	if r.Method != http.MethodGet {
		op.Parameters = append(op.Parameters, changeHeaders(r)...)
	}
	for status, response := range op.Responses {
		code, err := strconv.Atoi(status)
		if text, ok := statusTexts[code]; ok && err == nil && !(code == http.StatusServiceUnavailable && r.Action == "") {
			op.Responses[status] = a.errorResponse(code, text)
			continue
		}
		if r.refused {
			delete(op.Responses, status)
			continue
		}
		a.illustrate(response, r)
	}
	if op.RequestBody != nil {
		for _, media := range op.RequestBody.Content {
			media.Example = example(doc.Components.Schemas, media.Schema, 0)
		}
	}
}

func operationAt(item *huma.PathItem, method string) *huma.Operation {
	if item == nil {
		return nil
	}
	return map[string]*huma.Operation{http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put,
		http.MethodPatch: item.Patch, http.MethodDelete: item.Delete}[method]
}

// changeHeaders are what every change understands.
func changeHeaders(r Route) []*huma.Param {
	most := maxKey
	params := []*huma.Param{{Name: idempotencyKey, In: "header", Example: "3f1b7a52-6d0a-4f0e-9c43-5a8f6a1f2b10",
		Description: "Names the call, so that repeating it changes nothing more. Visible ASCII characters, a new one for each call.",
		Schema:      &huma.Schema{Type: huma.TypeString, MaxLength: &most}}}
	if r.versioned() {
		params = append(params,
			&huma.Param{Name: ifMatch, In: "header", Description: "Change this version only, as the ETag header gave it; 412 otherwise", Schema: &huma.Schema{Type: huma.TypeString}},
			&huma.Param{Name: etagHeader, In: "header", Description: "As If-Match, under AzureTRE's name; 409 otherwise. Changes of resources need one of the two; * takes whichever version there is", Schema: &huma.Schema{Type: huma.TypeString}})
	}
	return params
}

// errorResponse is an error in the forms that a client can ask for.
func (a *api) errorResponse(status int, text string) *huma.Response {
	problem := a.huma.OpenAPI().Components.Schemas.Schema(errorType, true, "ErrorModel")
	title := http.StatusText(status)
	response := &huma.Response{Description: text, Headers: map[string]*huma.Param{
		requestID: {Description: "Id of the call, also in our logs", Schema: &huma.Schema{Type: huma.TypeString}}},
		Content: map[string]*huma.MediaType{problemJSON: {Schema: problem, Example: map[string]any{"title": title, "status": status, "detail": text}}}}
	if status == http.StatusUnprocessableEntity {
		response.Content["application/json"] = &huma.MediaType{Schema: a.huma.OpenAPI().Components.Schemas.Schema(fieldsType, true, "Fields"),
			Example: map[string]any{"detail": "businessJustification: expected length >= 1"}}
		return response
	}
	response.Content["text/plain"] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}, Example: text}
	for status, header := range map[int]string{http.StatusTooManyRequests: "Retry-After", http.StatusServiceUnavailable: "Retry-After",
		http.StatusUnauthorized: "WWW-Authenticate", http.StatusMethodNotAllowed: "Allow"} {
		if title == http.StatusText(status) {
			response.Headers[header] = &huma.Param{Description: "See RFC 9110", Schema: &huma.Schema{Type: huma.TypeString}}
		}
	}
	return response
}

// illustrate gives a good answer its example, and the media types beside JSON.
func (a *api) illustrate(response *huma.Response, r Route) {
	schemas := a.huma.OpenAPI().Components.Schemas
	if response.Headers == nil {
		response.Headers = map[string]*huma.Param{}
	}
	response.Headers[requestID] = &huma.Param{Description: "Id of the call, also in our logs and in the audit lines it wrote", Schema: &huma.Schema{Type: huma.TypeString}}
	if len(response.Content) == 0 && r.answer != nil {
		response.Content = map[string]*huma.MediaType{"application/json": {Schema: schemas.Schema(r.answer, true, r.answer.Name())}}
	}
	for _, media := range response.Content {
		media.Example = example(schemas, media.Schema, 0)
	}
	for _, other := range r.types {
		response.Content[other] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}, Example: strings.Join(auditHeading, ",")}
	}
}

// maxExample is how deep an example goes: no answer of ours nests deeper.
const maxExample = 8

// example makes a value of a schema of what its fields say: their examples,
// defaults and choices.
func example(schemas huma.Registry, s *huma.Schema, depth int) any {
	for s != nil && s.Ref != "" {
		s = schemas.SchemaFromRef(s.Ref)
	}
	switch {
	case s == nil || depth > maxExample:
		return nil
	case len(s.Examples) > 0:
		return s.Examples[0]
	case s.Default != nil:
		return s.Default
	case len(s.Enum) > 0:
		return s.Enum[0]
	}
	switch s.Type {
	case huma.TypeObject:
		value := map[string]any{}
		for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
			one := example(schemas, s.Properties[name], depth+1)
			if !blank(one) || slices.Contains(s.Required, name) { // an example with nothing in it is better left out
				value[name] = one
			}
		}
		return value
	case huma.TypeArray:
		if one := example(schemas, s.Items, depth+1); one != nil && one != "" {
			return []any{one}
		}
		return []any{}
	case huma.TypeString:
		return ""
	case huma.TypeBoolean:
		return false
	case huma.TypeInteger, huma.TypeNumber:
		return 0
	}
	return nil
}

// blank tells of an example that shows nothing.
func blank(one any) bool {
	list, ok := one.([]any)
	return one == "" || ok && len(list) == 0
}

// documents are the description in OpenAPI 3.1 and 3.0.3.
func (a *api) documents() (current, older []byte, err error) {
	if current, err = json.Marshal(a.huma.OpenAPI()); err != nil {
		return nil, nil, fmt.Errorf("description: %w", err)
	}
	older, err = a.huma.OpenAPI().Downgrade()
	return current, older, err
}

// Description is the OpenAPI document of the API with these settings.
func Description(s Settings) *huma.OpenAPI { return described(s).huma.OpenAPI() }

// described is an API of its own whose description is finished: that of one
// which answers calls is not changed any more, for calls read in it.
func described(s Settings) *api {
	a, _ := build(s)
	a.describeAll(a.routes())
	return a
}
