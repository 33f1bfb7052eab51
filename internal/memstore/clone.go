package memstore

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
)

func clonePerson(p access.Person) access.Person {
	p.Roles, p.Groups = slices.Clone(p.Roles), nil // groups are of a call, not of a row
	return p
}

// cloneMember is a membership as a row keeps one.
func cloneMember(m access.Membership) access.Membership {
	m.GrantedBy, m.Warned, m.Through = clonePerson(m.GrantedBy), slices.Clone(m.Warned), ""
	return m
}

func cloneWorkspace(w airlock.Workspace) airlock.Workspace {
	w.Policy.RefuseTypes = slices.Clone(w.Policy.RefuseTypes)
	return w
}

func cloneRequest(r airlock.Request) airlock.Request {
	if r.Properties != nil {
		r.Properties = cloneTree(r.Properties).(map[string]any)
	}
	r.CreatedBy, r.SubmittedBy, r.UpdatedBy = clonePerson(r.CreatedBy), clonePerson(r.SubmittedBy), clonePerson(r.UpdatedBy)
	r.Reviews = slices.Clone(r.Reviews)
	for i := range r.Reviews {
		r.Reviews[i].Reviewer = clonePerson(r.Reviews[i].Reviewer)
	}
	r.History = slices.Clone(r.History)
	for i := range r.History {
		r.History[i].By = clonePerson(r.History[i].By)
	}
	r.Containers, r.Notices, r.Marks = slices.Clone(r.Containers), slices.Clone(r.Notices), slices.Clone(r.Marks)
	return r
}

// cloneTree copies what JSON decodes to.
func cloneTree(v any) any {
	switch v := v.(type) {
	case map[string]any:
		c := make(map[string]any, len(v))
		for k, x := range v {
			c[k] = cloneTree(x)
		}
		return c
	case []any:
		c := make([]any, len(v))
		for i, x := range v {
			c[i] = cloneTree(x)
		}
		return c
	default:
		return v
	}
}

// plain brings properties into the form in which a store that keeps JSON gives
// them back.
func plain(properties map[string]any) (map[string]any, error) {
	if len(properties) == 0 {
		return nil, nil
	}
	text, err := json.Marshal(properties)
	if err != nil {
		return nil, fmt.Errorf("properties: %w: %w", err, airlock.ErrInvalid)
	}
	var p map[string]any
	if err := json.Unmarshal(text, &p); err != nil {
		return nil, fmt.Errorf("properties: %w: %w", err, airlock.ErrInvalid)
	}
	return p, nil
}

// cloneFiles copies the files of a package.
func cloneFiles(files map[string][]byte) map[string][]byte {
	c := make(map[string][]byte, len(files))
	for name, content := range files {
		c[name] = slices.Clone(content)
	}
	return c
}

func clone[T any](p *T) *T {
	if p == nil {
		return nil
	}
	c := *p
	return &c
}

func cloneFile(f airlock.File) airlock.File {
	f.Record, f.Verdict, f.Removal, f.Partial = clone(f.Record), clone(f.Verdict), clone(f.Removal), clone(f.Partial)
	f.Malware, f.Seal, f.Rescan, f.Unlisted = clone(f.Malware), clone(f.Seal), clone(f.Rescan), clone(f.Unlisted)
	if f.Inspection = clone(f.Inspection); f.Inspection != nil {
		f.Inspection.Findings = slices.Clone(f.Inspection.Findings)
	}
	if f.Progress = clone(f.Progress); f.Progress != nil {
		f.Progress.Hash = slices.Clone(f.Progress.Hash)
	}
	if f.Release = clone(f.Release); f.Release != nil {
		f.Release.Hash = slices.Clone(f.Release.Hash)
	}
	return f
}
