package airlock

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// submissionForm is the version of the form in which submissions are written.
const submissionForm = 1

// Submission is the record of one turn: what its submit handed in. It is kept
// under its digest, which the submit's commit names, so that of two submits at
// once only the one that committed counts, as a whole. The rows of its files
// are written from it, by the engine alone.
type Submission struct {
	Form      int         `json:"submission"`
	Workspace string      `json:"workspaceId"`
	Request   string      `json:"requestId"`
	Turn      int         `json:"turn"`
	Files     []Submitted `json:"files"` // in the order of the names' bytes, each name once
}

// Submitted is one file of a submission.
type Submitted struct {
	Name     string `json:"name"`
	ETag     string `json:"etag"`     // of the draft version; of the sealed one for kept files
	Size     int64  `json:"size"`     // bytes
	Type     string `json:"type"`     // as the uploader declared it
	BlobType string `json:"blobType"` // BlockBlob, AppendBlob, PageBlob
	Tier     string `json:"tier,omitempty"`
	Kept     int    `json:"kept,omitempty"` // turn from whose sealed container it comes; 0: from the draft

	// What was found of a kept file in the turn it comes from.
	Inspection *Inspection `json:"inspection,omitempty"`
	Verdict    *Verdict    `json:"verdict,omitempty"`
	Malware    *Verdict    `json:"malware,omitempty"`
}

// NewSubmission describes what is handed in of a request in this turn. Every
// file has a Record.
func NewSubmission(r Request, files []File) Submission {
	s := Submission{Form: submissionForm, Workspace: r.Workspace, Request: r.ID, Turn: r.Turn, Files: make([]Submitted, 0, len(files))}
	for _, f := range files {
		one := Submitted{Name: f.Name, ETag: f.ETag, Size: f.Record.Size, Type: f.Record.Type, BlobType: f.Record.BlobType,
			Tier: f.Record.Tier, Kept: f.Record.Kept}
		if one.Kept > 0 {
			one.Inspection, one.Verdict, one.Malware = f.Inspection, f.Verdict, f.Malware
		}
		s.Files = append(s.Files, one)
	}
	return s
}

// Bytes is the size of all files.
func (s Submission) Bytes() (bytes int64) {
	for _, f := range s.Files {
		bytes += f.Size
	}
	return bytes
}

// Canonical is the submission's one byte form, and its digest, as those of a
// manifest are. ErrInvalid: a name, ETag or type cannot be written as JSON
// without being changed, or a name is there twice.
func (s Submission) Canonical() (text []byte, digest string, err error) {
	s.Files = append([]Submitted{}, s.Files...)
	slices.SortFunc(s.Files, func(a, b Submitted) int { return strings.Compare(a.Name, b.Name) })
	if err := s.check(); err != nil {
		return nil, "", err
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return nil, "", fmt.Errorf("submission: %w: %w", err, ErrInvalid)
	}
	text = []byte(strings.TrimSuffix(b.String(), "\n"))
	return text, Digest(text), nil
}

// check returns ErrInvalid unless the files stand in order, each name once,
// and can be told apart byte for byte.
func (s Submission) check() error {
	for i, f := range s.Files {
		switch {
		case !utf8.ValidString(f.Name), !utf8.ValidString(f.ETag), !utf8.ValidString(f.Type):
			return fmt.Errorf("submission: file %d is not named in valid UTF-8: %w", i, ErrInvalid)
		case i > 0 && f.Name <= s.Files[i-1].Name:
			return fmt.Errorf("submission: file %d is there twice, or out of order: %w", i, ErrInvalid)
		case f.Size < 0, f.Kept < 0:
			return fmt.Errorf("submission: file %d has a number below zero: %w", i, ErrInvalid)
		}
	}
	return nil
}

// ReadSubmission parses what a request's submit handed in. ErrInvalid: it is
// not the one that the request's commit names, or not of this request and turn.
func ReadSubmission(text []byte, r Request) (Submission, error) {
	if got := Digest(text); got != r.Record {
		return Submission{}, fmt.Errorf("submission: digest is %s, not %s: %w", got, r.Record, ErrInvalid)
	}
	var s Submission
	if err := json.Unmarshal(text, &s); err != nil {
		return Submission{}, fmt.Errorf("submission: %w: %w", err, ErrInvalid)
	}
	switch {
	case s.Form != submissionForm:
		return Submission{}, fmt.Errorf("submission: form %d, only %d is known: %w", s.Form, submissionForm, ErrInvalid)
	case s.Workspace != r.Workspace || s.Request != r.ID || s.Turn != r.Turn:
		return Submission{}, fmt.Errorf("submission: it is of turn %d of request %s: %w", s.Turn, s.Request, ErrInvalid)
	}
	if err := s.check(); err != nil {
		return Submission{}, err
	}
	return s, nil
}

// File is the row that says what was handed in of a file.
func (s Submitted) File() File {
	return File{Name: s.Name, ETag: s.ETag, Inspection: s.Inspection, Verdict: s.Verdict, Malware: s.Malware,
		Record: &Record{Listed: true, Size: s.Size, Type: s.Type, BlobType: s.BlobType, Tier: s.Tier, Kept: s.Kept}}
}

// Missing are the rows to be written so that those of the turn, all of which
// are known, list what was handed in and nothing else. What the engine took in
// place of a file, or took off the list, while it sealed stays as it is, so
// that a repeat undoes nothing.
func (s Submission) Missing(known []File) []File {
	type version struct{ name, etag string }
	rows := make(map[version]File, len(known))
	for _, f := range known {
		rows[version{f.Name, f.ETag}] = f
	}
	var missing []File
	handed := make(map[version]bool, len(s.Files))
	for _, one := range s.Files {
		handed[version{one.Name, one.ETag}] = true
		f, row := one.File(), rows[version{one.Name, one.ETag}]
		written := row.Record != nil && *row.Record == *f.Record
		if f.Stored = row.Stored; !written {
			missing = append(missing, f)
		}
	}
	for _, f := range known { // of an earlier try to hand in
		if f.Listed() && f.Record.Changes == 0 && !handed[version{f.Name, f.ETag}] {
			missing = append(missing, File{Name: f.Name, ETag: f.ETag, Stored: f.Stored, Unlisted: &Unlisted{Why: "not handed in"}})
		}
	}
	return missing
}

// Listed are the files that are listed once the missing rows are written: what
// was handed in, with what is known of it, and what the engine took in place.
func (s Submission) Listed(known []File) []File {
	missing := map[[2]string]File{}
	for _, f := range s.Missing(known) {
		missing[[2]string{f.Name, f.ETag}] = f
	}
	all := make([]File, 0, len(s.Files))
	add := func(f File) {
		if f.Listed() {
			all = append(all, f)
		}
	}
	for _, f := range known {
		if row, ok := missing[[2]string{f.Name, f.ETag}]; ok {
			delete(missing, [2]string{f.Name, f.ETag})
			f = row.Over(f)
		}
		add(f)
	}
	for _, one := range s.Files { // in order, which the map is not
		if row, ok := missing[[2]string{one.Name, one.ETag}]; ok {
			add(row)
		}
	}
	return all
}

// Over is other, a row of the same version, with the record of f in it. What
// f says of a kept file counts where other says nothing.
func (f File) Over(other File) File {
	other.Record, other.Unlisted, other.Stored = cmp.Or(f.Record, other.Record), cmp.Or(f.Unlisted, other.Unlisted), f.Stored
	if other.Inspection == nil {
		other.Inspection = f.Inspection
	}
	if other.Verdict == nil {
		other.Verdict = f.Verdict
	}
	if other.Malware == nil {
		other.Malware = f.Malware
	}
	return other
}
