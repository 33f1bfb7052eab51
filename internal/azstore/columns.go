package azstore

import (
	"encoding/json"
	"fmt"
	"maps"
	"strconv"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// The columns that selections filter by. Each has one writer: the group of
// facts that it is taken from. Azure treats a filter on a missing column as
// false, others do not, so every row has all of them from its birth.
const (
	colListed   = "listed"   // record
	colUnlisted = "unlisted" // unlisted: there is one
	colRead     = "read"     // inspection: there is one
	colRefused  = "refused"  // inspection: a finding refuses
	colClass    = "verdict"  // verdict: its class
	colClean    = "clean"    // verdict: clean, and about no bytes in particular
	colMalware  = "malware"  // malware: there is such a verdict
	colSealed   = "sealed"   // seal: complete
	colAttempt  = "attempt"  // release
	colVerified = "verified" // release
)

// flat is what the flat columns hold of a version of which nothing is known.
func flat() row {
	return row{
		colListed: false, colUnlisted: false, colRead: false, colRefused: false, colClass: "", colClean: false,
		colMalware: false, colSealed: false, colAttempt: 0, colVerified: false,
	}
}

// selectionFilter is a selection in OData.
func selectionFilter(sel airlock.Selection) (string, error) {
	const (
		listed   = colListed + " eq true and " + colUnlisted + " eq false"
		unsealed = listed + " and " + colSealed + " eq false"
	)
	switch sel.Which {
	case airlock.Everything:
		return "", nil
	case airlock.Listed:
		return listed, nil
	case airlock.Ready:
		return unsealed + " and " + colRead + " eq true", nil
	case airlock.Unsealed:
		return unsealed, nil
	case airlock.Troubled:
		return fmt.Sprintf("%s and (%s eq true or %s eq true or %s eq %s or %s eq %s)", listed, colRefused, colMalware,
			colClass, quote(string(airlock.Malicious)), colClass, quote(string(airlock.Unscannable))), nil
	case airlock.Unclean:
		return fmt.Sprintf("%s and (%s eq false or %s eq true)", listed, colClean, colMalware), nil
	case airlock.Undelivered:
		return fmt.Sprintf("%s and (%s ne %d or %s eq false)", listed, colAttempt, sel.Attempt, colVerified), nil
	}
	return "", fmt.Errorf("selection %q: %w", sel.Which, airlock.ErrInvalid)
}

// fileRow is the row of a file: name, ETag, and of each group that is not nil
// its JSON and its flat columns.
func fileRow(slot airlock.Slot, f airlock.File) (row, error) {
	r := newRow(slot.Key.Workspace, fileKey(slot, f.Name, f.ETag))
	r[colName], r[colETag] = strconv.Quote(f.Name), strconv.Quote(f.ETag) // byte for byte, whatever it holds
	if f.Record != nil {
		r[colListed] = f.Record.Listed
	}
	if f.Unlisted != nil {
		r[colUnlisted] = true
	}
	if f.Inspection != nil {
		r[colRead], r[colRefused] = true, airlock.HasRefusal(f.Inspection.Findings)
	}
	if v := f.Verdict; v != nil {
		// A verdict that names a SHA-256 is left to the gate, which compares it.
		r[colClass], r[colClean] = string(v.Class), v.Class == airlock.Clean && v.SHA256 == ""
	}
	if f.Malware != nil {
		r[colMalware] = true
	}
	if f.Seal != nil {
		r[colSealed] = f.Seal.ETag != ""
	}
	if f.Release != nil {
		r[colAttempt], r[colVerified] = f.Release.Attempt, f.Release.Verified
	}
	return r, r.addGroups(f)
}

// addGroups adds each group that is not nil as JSON in a column of its name.
func (r row) addGroups(f airlock.File) error {
	text, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("file: %w: %w", err, airlock.ErrInvalid)
	}
	var groups map[string]json.RawMessage
	if err := json.Unmarshal(text, &groups); err != nil {
		return fmt.Errorf("file: %w", err)
	}
	delete(groups, "name")
	delete(groups, "etag")
	for group, text := range groups {
		if pieces, total := cut(string(text)); len(pieces) > 1 {
			return fmt.Errorf("file: %s: %d characters, at most %d: %w", group, total, maxColumn, airlock.ErrInvalid)
		}
		r[groupColumn+group] = string(text)
	}
	return nil
}

// The columns that hold which version a row is about, quoted as in Go.
const (
	colName = "fileName"
	colETag = "fileETag"
)

// groupColumn begins the name of a column that holds a group.
const groupColumn = "g_"

// file reads a file's row.
func (r row) file() (airlock.File, error) {
	groups := map[string]json.RawMessage{}
	for _, group := range groupNames {
		if text := r.text(groupColumn + group); text != "" {
			groups[group] = json.RawMessage(text)
		}
	}
	f := airlock.File{Stored: true}
	text, err := json.Marshal(groups)
	if err == nil {
		err = json.Unmarshal(text, &f)
	}
	if err == nil {
		f.Name, err = strconv.Unquote(r.text(colName))
	}
	if err == nil {
		f.ETag, err = strconv.Unquote(r.text(colETag))
	}
	if err != nil {
		return airlock.File{}, fmt.Errorf("row %s: %w", r.key(), err)
	}
	return f, nil
}

// groupNames are the groups of facts, by their names in JSON.
var groupNames = []string{"record", "inspection", "progress", "verdict", "malware", "removal", "unlisted", "partial", "seal", "rescan", "release"}

// newborn is the row with every flat column that it says nothing of.
func (r row) newborn() row {
	all := flat()
	maps.Copy(all, r)
	return all
}
