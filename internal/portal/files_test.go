package portal_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// many are files, every hundredth with a note.
func many(n int) []airlock.File {
	files := make([]airlock.File, n)
	for i := range files {
		files[i] = clean(fmt.Sprintf("part-%05d.csv", i), 1000)
		if i%100 == 7 {
			files[i].Inspection.Findings = []airlock.Finding{{Code: "type", Severity: airlock.Note, Text: "odd content"}}
		}
	}
	return files
}

var named = regexp.MustCompile(`part-\d{5}\.csv`)

func names(page string) []string {
	all := slices.Sorted(slices.Values(named.FindAllString(page, -1)))
	return slices.Compact(all)
}

// reviewOf writes a record of files past the desk: the listing of thousands is
// the desk's own test.
func (b *bench) reviewOf(files []airlock.File) airlock.Key {
	b.t.Helper()
	k := b.stage(airlock.InReview, content{files: files[:1]})
	for page := range slices.Chunk(files[1:], airlock.MaxPut) {
		for i := range page {
			page[i].ETag, page[i].Record = "0x1", &airlock.Record{Listed: true, Size: 1000, Type: "text/csv"}
		}
		b.must(b.store.Put(b.t.Context(), airlock.Slot{Key: k, Turn: 1}, page))
	}
	c := b.request(k).Note()
	c.Request.Files, c.Request.Bytes = len(files), int64(len(files))*1000
	b.must(second(b.store.Commit(b.t.Context(), c)))
	return k
}

func TestTenThousandFiles(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	k := b.reviewOf(many(10_000))
	first := b.get("mia", at(k))
	for _, want := range []string{"10,000 files, 9.5 MiB", "(10,000,000 bytes)", "100 with notes", "10000 without threats", "Page 1 of 100", "100 files to look at more closely"} {
		if !strings.Contains(first.body, want) {
			t.Errorf("the first page lacks %q", want)
		}
	}
	if got := names(first.body); len(got) != 100 || got[0] != "part-00000.csv" || got[99] != "part-00099.csv" {
		t.Errorf("first page: %d files", len(got))
	}
	if got := names(b.get("mia", at(k)+"?page=100").body); len(got) != 100 || got[99] != "part-09999.csv" {
		t.Errorf("last page: %d files", len(got))
	}
	if got := names(b.get("mia", at(k)+"?show=notable").body); len(got) != 100 || got[1] != "part-00107.csv" {
		t.Errorf("those to look at: %d files", len(got))
	}
	for _, odd := range []string{"?page=0", "?page=-1", "?page=x", "?page=99999999999999999999"} {
		if a := b.get("mia", at(k)+odd); a.status != http.StatusOK || len(names(a.body)) != 100 {
			t.Errorf("%s: %d", odd, a.status)
		}
	}
}

// TestEveryFileIsOnAPage follows the links to the next page to the end.
func TestEveryFileIsOnAPage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	k := b.reviewOf(many(342))
	next := regexp.MustCompile(`<a rel="next" href="/portal([^"#]+)#files">`)
	seen := map[string]bool{}
	for path := at(k); path != ""; {
		page := b.get("mia", path).body
		for _, name := range names(page) {
			seen[name] = true
		}
		path = ""
		if found := next.FindStringSubmatch(page); found != nil {
			path = strings.ReplaceAll(found[1], "&amp;", "&")
		}
	}
	if len(seen) != 342 {
		t.Errorf("%d files seen", len(seen))
	}
}

// TestLongDraft goes through a draft of more files than are read at once.
func TestLongDraft(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	k := b.draft(content{files: many(1100)})
	page := b.get("ann", at(k)).body
	for _, want := range []string{"1,100 files", "1000 of 1,100 files are on these pages", "Go on with the next", "Page 1 of 10"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	more := regexp.MustCompile(`<a href="/portal([^"#]+)#files">Go on`).FindStringSubmatch(page)
	if more == nil {
		t.Fatal("no way on")
	}
	page = b.get("ann", more[1]).body
	if got := names(page); len(got) != 100 || got[99] != "part-01099.csv" || !strings.Contains(page, "Back to the first") {
		t.Errorf("the rest: %d files", len(got))
	}
}

func TestDraftTellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	refused := clean("setup.exe", 9, airlock.Finding{Code: "type", Severity: airlock.Refuse, Text: "a program; remove it"})
	infected := clean("eicar.com", 68)
	infected.Verdict = &airlock.Verdict{Class: airlock.Malicious}
	k := b.draft(content{files: []airlock.File{clean("good.csv", 1), refused, infected, {Name: "new.csv"}, {Name: "a\u202eb.csv"}}})
	page := b.get("ann", at(k)).body
	for _, want := range []string{"5 files", "1 with malware", "2 refused", "2 without a clean scan", "2 without threats", "Malware found", "Not scanned yet", "not inspected yet",
		"a program; remove it", "The scanner found malware in 1 file", `a<span class="hidden-char" title="a character that does not show">U&#43;202E</span>b.csv`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if a := b.post("ann", at(k)+"/submit", nil); a.status != http.StatusBadRequest || !strings.Contains(a.body, "It cannot be submitted yet") || !strings.Contains(a.body, "setup.exe") {
		t.Errorf("submit: %d %s", a.status, a.body)
	}
	if a := b.post("ann", at(b.draft(content{files: []airlock.File{}}))+"/submit", nil); a.status != http.StatusBadRequest {
		t.Errorf("submit of nothing: %d", a.status)
	}
}

func TestUnscanned(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(w *airlock.Workspace) { w.Policy.SkipScan = true })
	file := clean("a.csv", 1)
	file.Verdict = nil
	k := b.draft(content{files: []airlock.File{file}})
	if page := b.get("ann", at(k)).body; !strings.Contains(page, "Not scanned in this workspace") {
		t.Errorf("page: %s", page)
	}
}

func TestSubmitWithTooFewReviewers(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(w *airlock.Workspace) { w.Policy.Reviewers = 5 })
	a := b.post("ann", at(b.draft(content{}))+"/submit", nil)
	if page := b.get("ann", strings.TrimPrefix(a.header.Get("Location"), "/portal")).body; !strings.Contains(page, "too few people may decide") {
		t.Errorf("%d: %s", a.status, page)
	}
}

func TestBrokenTrail(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	k := b.draft(content{})
	c := b.request(k).Note()
	c.Request.Head.Hash = airlock.Digest(nil)
	b.must(second(b.store.Commit(t.Context(), c)))
	for _, who := range []string{"olga", "adam"} {
		path := map[string]string{"olga": at(k) + "/audit", "adam": at(k)}[who]
		if a := b.get(who, path); !strings.Contains(a.body, "The chain is broken") {
			t.Errorf("%s: %d %s", who, a.status, a.body)
		}
	}
}
