package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// contents is what a draft holds: what a submit would hand in, and what is
// known of it.
type contents struct {
	files []airlock.File               // in the order of their names; Record says how they would be listed
	found map[string][]airlock.Finding // by name: what the listing itself shows to be wrong
	known map[version]airlock.File     // rows of this turn, as far as they were read
	bytes int64
	more  bool // the container holds more than was looked at: far past the limits
}

// version is a file's key.
type version struct{ name, etag string }

// contents reads a draft: the listing of its container less the tombstones,
// and the files kept of the turn before. The listing stops where the policy
// calls a draft far past its limits.
func (d *Desk) contents(ctx context.Context, v visit) (contents, error) {
	r, policy := v.request, v.workspace.Policy.WithDefaults()
	blobs, more, err := d.listing(ctx, r, policy.MaxFiles*max(policy.CloseFactor, 1))
	if err != nil {
		return contents{}, err
	}
	kept, err := d.kept(ctx, r, policy)
	if err != nil {
		return contents{}, err
	}
	wanted := make([]version, 0, len(blobs)+len(kept))
	for _, b := range blobs {
		wanted = append(wanted, version{b.Name, b.ETag})
	}
	for _, f := range kept {
		wanted = append(wanted, version{f.Name, f.ETag})
	}
	known, err := d.known(ctx, airlock.Slot{Key: r.Key(), Turn: r.Turn}, wanted)
	if err != nil {
		return contents{}, err
	}
	c := contents{known: known, more: more, found: map[string][]airlock.Finding{}}
	c.drop(blobs)
	c.keep(kept)
	c.judge(blobs, policy.MaxFileBytes)
	return c, nil
}

// drop takes in what lies in the container.
func (c *contents) drop(blobs []airlock.Blob) {
	for _, b := range blobs {
		row := c.known[version{b.Name, b.ETag}]
		if row.Removal != nil {
			continue
		}
		c.add(airlock.File{Name: b.Name, ETag: b.ETag, Inspection: row.Inspection, Progress: row.Progress, Verdict: row.Verdict, Malware: row.Malware,
			Record: &airlock.Record{Listed: true, Size: b.Size, Type: b.ContentType, BlobType: b.BlobType, Tier: b.Tier}})
	}
}

// keep takes in what was kept and neither removed nor replaced by name.
func (c *contents) keep(kept []airlock.File) {
	replaced := make(map[string]bool, len(c.files))
	for _, f := range c.files {
		replaced[f.Name] = true
	}
	for _, f := range kept {
		if c.known[version{f.Name, f.ETag}].Removal == nil && !replaced[f.Name] {
			c.add(f)
		}
	}
}

func (c *contents) add(f airlock.File) {
	c.files = append(c.files, f)
	c.bytes += f.Record.Size
}

// judge finds what is wrong by what the listing shows alone, and sorts.
func (c *contents) judge(blobs []airlock.Blob, most int64) {
	slices.SortFunc(c.files, func(a, b airlock.File) int { return strings.Compare(a.Name, b.Name) })
	names := make([]string, len(c.files))
	for i, f := range c.files {
		names[i] = f.Name
	}
	for _, b := range blobs {
		if c.known[version{b.Name, b.ETag}].Removal != nil {
			continue
		}
		if found := checkBlob(b, most); len(found) > 0 {
			c.found[b.Name] = found
		}
	}
	for name, finding := range airlock.Clashes(names) {
		c.found[name] = append(c.found[name], finding)
	}
}

// checkBlob is the rulebook's, and what the size alone shows; the inspection
// says the same under the same code.
func checkBlob(b airlock.Blob, most int64) []airlock.Finding {
	found := airlock.CheckBlob(b)
	if b.Size > most {
		found = append(found, airlock.Finding{Code: "size_large", Severity: airlock.Refuse,
			Text: fmt.Sprintf("the file has %d bytes, at most %d are allowed; split it", b.Size, most)})
	}
	return found
}

// judged are the files with everything found of them, for the rulebook to look
// at. They are not what is written: inspections have their own writer.
func (c *contents) judged() []airlock.File {
	all := slices.Clone(c.files)
	for i, f := range all {
		all[i] = withFindings(f, c.found[f.Name])
	}
	return all
}

func withFindings(f airlock.File, found []airlock.Finding) airlock.File {
	if len(found) == 0 {
		return f
	}
	var inspection airlock.Inspection
	if f.Inspection != nil {
		inspection = *f.Inspection
	}
	findings := slices.Clone(inspection.Findings)
	for _, x := range found {
		if !slices.ContainsFunc(findings, func(y airlock.Finding) bool { return x.Code == y.Code }) {
			findings = append(findings, x)
		}
	}
	inspection.Findings = findings
	f.Inspection = &inspection
	return f
}

// listing lists the draft's container, up to one more than most blobs. A
// container that is gone is empty.
func (d *Desk) listing(ctx context.Context, r airlock.Request, most int) (all []airlock.Blob, more bool, err error) {
	place := r.Place(airlock.DraftFiles, r.Turn)
	err = pages(func(after string) (string, error) {
		blobs, next, err := d.Ports.Containers.List(ctx, place, airlock.Page{After: after})
		all = append(all, blobs...)
		if more = len(all) > most; more {
			return "", err
		}
		return next, err
	})
	if errors.Is(err, airlock.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("draft of %s: %w", r.ID, err)
	}
	return all, more, nil
}

// kept are the files of the turn before that can be handed in again without
// being uploaded again: sealed, nothing found that keeps them out, and not
// removed in a draft that was closed since.
func (d *Desk) kept(ctx context.Context, r airlock.Request, p airlock.Policy) ([]airlock.File, error) {
	if r.KeptFrom == 0 {
		return nil, nil
	}
	removed := map[version]bool{}
	for turn := r.KeptFrom + 1; turn < r.Turn; turn++ { // this turn's own tombstones are looked at with its rows
		if err := d.eachRow(ctx, airlock.Slot{Key: r.Key(), Turn: turn}, airlock.Everything, func(f airlock.File) {
			removed[version{f.Name, f.ETag}] = removed[version{f.Name, f.ETag}] || f.Removal != nil
		}); err != nil {
			return nil, err
		}
	}
	var all []airlock.File
	err := d.eachRow(ctx, airlock.Slot{Key: r.Key(), Turn: r.KeptFrom}, airlock.Listed, func(f airlock.File) {
		if f.Record != nil && f.Seal != nil && f.Seal.ETag != "" && !refused(f, p) && !removed[version{f.Name, f.Seal.ETag}] {
			all = append(all, airlock.File{Name: f.Name, ETag: f.Seal.ETag, Inspection: f.Inspection, Verdict: f.Verdict, Malware: f.Malware,
				Record: &airlock.Record{Listed: true, Size: f.Record.Size, Type: f.Record.Type, BlobType: f.Record.BlobType,
					Kept: r.KeptFrom}})
		}
	})
	return all, err
}

// refused tells whether a file is kept out, by a finding or by its verdict:
// known malware always is, also where no scan is waited for.
func refused(f airlock.File, p airlock.Policy) bool {
	return f.RefusedBy(p) || f.Class() == airlock.Malicious
}
