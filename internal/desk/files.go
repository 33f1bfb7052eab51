package desk

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// File is what a person sees of a file.
type File struct {
	Name      string
	ETag      string // of this version
	Size      int64  // bytes
	Type      string // by content once inspected, before that as the uploader declared it
	SHA256    string // lower-case hex; "" until inspected
	Kept      bool   // of the turn before, not uploaded again
	Inspected bool
	Verdict   airlock.VerdictClass // "" until the scanner spoke
	Findings  []airlock.Finding
	Refused   bool // cannot be submitted
}

// FilePage is a page of a request's files.
type FilePage struct {
	Files []File
	Next  string // cursor of the next page; "" at the end
	Count int    // of all files
	Bytes int64  // of all files
	More  bool   // a draft so far past its limits that not all of it was counted
}

// usualFiles is how many files a page holds where nobody says: a screen or two.
const usualFiles = 100

// Files returns a page of a request's files. Of a draft it is what a submit
// would hand in now, in the order of the names; later it is the record.
func (d *Desk) Files(ctx context.Context, c Caller, key airlock.Key, page airlock.Page) (FilePage, error) {
	v, err := d.enter(ctx, c, key, access.Read)
	if err != nil {
		return FilePage{}, err
	}
	page.Limit = limit(page, usualFiles)
	switch {
	case v.request.Stage == airlock.Draft:
		return d.draftFiles(ctx, v, page)
	case v.request.Record == "":
		return FilePage{}, nil
	}
	return d.submitted(ctx, v, page)
}

func (d *Desk) draftFiles(ctx context.Context, v visit, page airlock.Page) (FilePage, error) {
	all, err := d.contents(ctx, v)
	if err != nil {
		return FilePage{}, err
	}
	result, err := v.byName(all.judged(), page)
	result.Count, result.Bytes, result.More = len(all.files), all.bytes, all.more
	return result, err
}

// nameCursor begins the cursor of a list in the order of names; those of a
// store never begin so.
const nameCursor = "n."

// byName is a page of files that are in the order of their names.
func (v visit) byName(files []airlock.File, page airlock.Page) (FilePage, error) {
	from := 0
	if page.After != "" {
		text, ok := strings.CutPrefix(page.After, nameCursor)
		after, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil || !ok {
			return FilePage{}, fmt.Errorf("cursor: %.40q is none of ours, begin again: %w", page.After, airlock.ErrInvalid)
		}
		from, _ = slices.BinarySearchFunc(files, string(after)+"\x00", func(f airlock.File, name string) int {
			return strings.Compare(f.Name, name)
		})
	}
	to := min(len(files), from+page.Limit)
	result := FilePage{Files: v.show(files[from:to])}
	if to < len(files) {
		result.Next = nameCursor + base64.RawURLEncoding.EncodeToString([]byte(files[to-1].Name))
	}
	return result, nil
}

// submitted is a page of what was handed in. Until the engine has written the
// rows, the record says what they will be.
func (d *Desk) submitted(ctx context.Context, v visit, page airlock.Page) (FilePage, error) {
	r := v.request
	if r.Recorded || r.Manifest != "" {
		if strings.HasPrefix(page.After, nameCursor) {
			return FilePage{}, fmt.Errorf("cursor: the files were sealed meanwhile, begin again: %w", airlock.ErrInvalid)
		}
		return d.recordFiles(ctx, v, page)
	}
	files, err := d.recorded(ctx, r)
	if err != nil {
		return FilePage{}, err
	}
	result, err := v.byName(files, page)
	result.Count, result.Bytes = r.Files, r.Bytes
	return result, err
}

// recorded are the files of a record, with what is known of them, in the order
// of their names. What the engine took in place of one, or off the list, while
// it sealed counts.
func (d *Desk) recorded(ctx context.Context, r airlock.Request) ([]airlock.File, error) {
	text, err := d.Ports.Manifests.LoadManifest(ctx, r.Key(), r.Record)
	if err != nil {
		return nil, fmt.Errorf("record of %s: %w", r.ID, err)
	}
	submission, err := airlock.ReadSubmission(text, r)
	if err != nil {
		return nil, err
	}
	var known []airlock.File
	if err := d.eachRow(ctx, airlock.Slot{Key: r.Key(), Turn: r.Turn}, airlock.Everything, func(f airlock.File) {
		known = append(known, f)
	}); err != nil {
		return nil, err
	}
	files := submission.Listed(known)
	slices.SortFunc(files, func(a, b airlock.File) int { return strings.Compare(a.Name, b.Name) })
	return files, nil
}

func (d *Desk) recordFiles(ctx context.Context, v visit, page airlock.Page) (FilePage, error) {
	r := v.request
	rows, next, err := d.Ports.Files.List(ctx, airlock.Slot{Key: r.Key(), Turn: r.Turn}, airlock.Selection{Which: airlock.Listed}, page)
	if err != nil {
		return FilePage{}, fmt.Errorf("files of %s: %w", r.ID, err)
	}
	return FilePage{Files: v.show(rows), Next: next, Count: r.Files, Bytes: r.Bytes}, nil
}

// show is what a person sees of rows.
func (v visit) show(rows []airlock.File) []File {
	policy := v.workspace.Policy.WithDefaults()
	files := make([]File, 0, len(rows))
	for _, row := range rows {
		f := File{Name: row.Name, ETag: row.ETag, Verdict: row.Class()}
		if row.Record != nil {
			f.Size, f.Type, f.Kept = row.Record.Size, row.Record.Type, row.Record.Kept > 0
		}
		if i := row.Inspection; i != nil {
			f.Findings = i.Findings
			if f.Inspected = i.SHA256 != ""; f.Inspected {
				f.Size, f.Type, f.SHA256 = i.Size, i.Type, i.SHA256
			}
		}
		f.Refused = airlock.Submittable(policy, []airlock.File{row}) != nil
		files = append(files, f)
	}
	return files
}

// Record returns at most MaxPage files of what was submitted: the names and
// sizes that AzureTRE's clients show with a request. Whoever may not read the
// request gets none.
func (d *Desk) Record(ctx context.Context, view View) ([]File, error) {
	r := view.Request
	if r.Record == "" || !view.reads() {
		return nil, nil
	}
	v := visit{standing: standing{workspace: view.Workspace}, request: r}
	page, err := d.submitted(ctx, v, airlock.Page{Limit: MaxPage})
	slices.SortFunc(page.Files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return page.Files, err
}
