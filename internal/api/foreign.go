package api

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// Types whose schemas are asked for by hand.
var (
	errorType  = reflect.TypeFor[huma.ErrorModel]()
	fieldsType = reflect.TypeFor[fields]()
)

// told is what the description says of a field.
type told struct {
	text    string
	example any
}

// foreign says what the fields of types mean that are not of this package.
var foreign = map[string]map[string]told{
	"Line": {
		"workspaceId": {"UUID of the workspace, or the name of what else the line belongs to", "11111111-1111-4111-8111-111111111111"},
		"requestId":   {"Id that the line is chained under: a request's, a workspace's or a person's", "a9c5e3a0-7d44-4d0c-9df0-3c1f1a1d5b10"},
		"seq":         {"Number within its chain, from 1", 2},
		"at":          {"When, in UTC, to the microsecond", "2026-11-22T09:00:00.25Z"},
		"actor":       {"Who did it", nil},
		"action":      {"What was done", "submit"},
		"from":        {"Stage before", "draft"},
		"to":          {"Stage after", "submitted_sealing"},
		"reason":      {"Why, as the person or the rule gave it", "Column 3 holds dates of birth"},
		"detail":      {"Facts worth keeping; never a file name or a link", "3 files"},
		"person":      {"Object id of whom it is about, where it is about a person", "a0000000-0000-4000-8000-000000000002"},
		"call":        {"X-Request-Id of the answer to the call by which a person did it", "1a0264c9-b586-4c22-807f-1e96e5753d34"},
		"prev":        {"Hash of the line before; empty in the first", ""},
		"hash":        {"SHA-256 of this line, with prev", "eb7aff04dba886379cd4d5e38ccfe74207424be34a590cde2951954894245e3e"},
	},
	"Actor": {
		"oid":  {"Entra object id; absent for a function of ours", "a0000000-0000-4000-8000-000000000001"},
		"name": {"Display name, or the function's", "Ann"},
		"role": {"In which role it was done", "creator"},
	},
	"Head": {
		"seq":  {"Number of the last line", 2},
		"hash": {"Hash of the last line", "eb7aff04dba886379cd4d5e38ccfe74207424be34a590cde2951954894245e3e"},
	},
	"Finding": {
		"code":     {"Stable name of the finding", "formula"},
		"severity": {"How much it matters", "note"},
		"text":     {"For people; says what to do", "Cells begin with =, which spreadsheets run"},
	},
	"Fields": {
		"detail": {"What is wrong, for people", "businessJustification: expected length >= 1"},
		"errors": {"Each wrong field", nil},
	},
}

// explain writes what foreign says into the schemas.
func explain(schemas map[string]*huma.Schema) {
	for name, fields := range foreign {
		s := schemas[name]
		if s == nil {
			continue
		}
		for field, said := range fields {
			p := s.Properties[field]
			if p == nil {
				continue
			}
			if p.Ref != "" { // in OpenAPI 3.0 nothing may stand beside a reference
				continue
			}
			if p.Description = said.text; said.example != nil {
				p.Examples = []any{said.example}
			}
		}
	}
	choices(schemas, "Request", "status", airlock.Statuses)
	choices(schemas, "HistoryProperties", "previousStatus", airlock.Statuses)
}

// choices lists the values that a field can have.
func choices[T ~string](schemas map[string]*huma.Schema, name, field string, all []T) {
	if s := schemas[name]; s != nil && s.Properties[field] != nil {
		for _, one := range all {
			s.Properties[field].Enum = append(s.Properties[field].Enum, string(one))
		}
	}
}
