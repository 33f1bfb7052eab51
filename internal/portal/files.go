package portal

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
)

// fileList is the part of a request's files that a page shows, and what there
// is to say of all of them.
type fileList struct {
	Shown   []fileRow
	Count   int   // of all files
	Bytes   int64 // of all files
	Tally   tally // of those that were read
	Read    int   // how many were
	Over    bool  // a draft so far past its limits that nobody counts further
	Notable bool  // only those with findings, or without a clean verdict, are shown

	Page, Pages int    // from 1
	First       int    // number of the first file shown
	Address     string // of the page with its files, without what picks among them
	From        string // cursor that these were read from
	More        string // cursor of those not read; "" when all were
}

// tally counts what a reviewer has to know of all files.
type tally struct {
	Clean, Malicious, Unclear, Refused, Noted int
}

// fileRow is one file.
type fileRow struct {
	desk.File
	Label label
}

const (
	// maxRead is how many files a page looks at: what a request holds at most by
	// default, so that totals are of all of them.
	maxRead = 10_000
	// maxDraftRead is the same for a draft, each further page of which costs the
	// listing of its container again.
	maxDraftRead = desk.MaxPage
)

// files reads a request's files as the address asks for them.
func (p *portal) files(r *http.Request, v visitor, view desk.View) (fileList, error) {
	q := r.URL.Query()
	l := fileList{Address: p.at(key(r)), From: q.Get("from"), Notable: q.Get("show") == "notable"}
	most, after := maxRead, l.From
	if view.Request.Stage == airlock.Draft {
		most = maxDraftRead
	}
	var all []desk.File
	for {
		some, err := p.Desk.Files(r.Context(), v.Caller, key(r), airlock.Page{After: after, Limit: desk.MaxPage})
		if err != nil {
			return l, err
		}
		all = append(all, some.Files...)
		l.Count, l.Bytes, l.Over = some.Count, some.Bytes, some.More
		if after = some.Next; after == "" || len(all) >= most {
			break
		}
	}
	l.More, l.Read = after, len(all)
	slices.SortFunc(all, func(a, b desk.File) int { return strings.Compare(a.Name, b.Name) })
	rows := make([]fileRow, 0, len(all))
	for _, f := range all {
		row := fileRow{f, verdicts[f.Verdict]}
		if f.Verdict == "" && view.Workspace.Policy.SkipScan {
			row.Label = toneCalm.as("Not scanned in this workspace")
		}
		if l.Tally.add(f, view.Workspace.Policy.SkipScan) || !l.Notable {
			rows = append(rows, row)
		}
	}
	page, _ := strconv.Atoi(q.Get("page"))
	l.cut(rows, page)
	return l, nil
}

// add counts a file and tells whether a reviewer has to look at it.
func (t *tally) add(f desk.File, unscanned bool) bool {
	notable := len(f.Findings) > 0 || f.Refused
	switch f.Verdict {
	case airlock.Clean:
		t.Clean++
	case airlock.Malicious:
		t.Malicious++
		notable = true
	default:
		t.Unclear++
		notable = notable || !unscanned
	}
	switch {
	case f.Refused:
		t.Refused++
	case len(f.Findings) > 0:
		t.Noted++
	}
	return notable
}

// cut keeps the rows of one page.
func (l *fileList) cut(rows []fileRow, page int) {
	l.Pages = max(1, (len(rows)+perPage-1)/perPage)
	l.Page = min(max(page, 1), l.Pages)
	from := (l.Page - 1) * perPage
	l.First = from + 1
	l.Shown = rows[from:min(len(rows), from+perPage)]
}

// To is the address of another part of the files.
func (l fileList) To(page int, notable bool) string {
	show := ""
	if notable {
		show = "notable"
	}
	number := ""
	if page > 1 {
		number = strconv.Itoa(page)
	}
	return l.Address + asQuery("from", l.From, "show", show, "page", number) + "#files"
}

// ToMore is the address of the files that were not read.
func (l fileList) ToMore() string { return l.Address + asQuery("from", l.More) + "#files" }

// ToStart is the address of the first files.
func (l fileList) ToStart() string { return l.Address + "#files" }

// Total says how many files there are.
func (l fileList) Total() string {
	if l.Over {
		return "More than " + counted(l.Count, "file")
	}
	return counted(l.Count, "file")
}

// Notables is how many files a reviewer has to look at more closely.
func (t tally) Notables() int { return t.Refused + t.Noted }
