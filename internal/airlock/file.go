package airlock

import (
	"fmt"
	"strings"
	"time"
)

// Blob is one entry of a container's listing. The listing at submit is the
// record, whatever events said.
type Blob struct {
	Name        string
	ETag        string // normalised, see NormalizeETag
	Size        int64  // bytes
	ContentType string // as declared by the uploader
	BlobType    string // BlockBlob, AppendBlob, PageBlob
	Tier        string // Hot, Cool, Cold, Archive; "" where the account has none
	CustomerKey bool   // encrypted with a key of the uploader
	Modified    time.Time
}

// File is what is known of one version of one file in one turn, keyed by
// (name, ETag). Each group of facts has one writer, which writes that group
// alone; nil means "not known", and writing a File with a nil group leaves the
// stored group as it is.
type File struct {
	Name       string      `json:"name"`
	ETag       string      `json:"etag"` // of the draft version; of the sealed one for kept files
	Record     *Record     `json:"record,omitempty"`
	Inspection *Inspection `json:"inspection,omitempty"`
	Progress   *Progress   `json:"progress,omitempty"`
	Verdict    *Verdict    `json:"verdict,omitempty"`
	Malware    *Verdict    `json:"malware,omitempty"` // a verdict that names malware: no other verdict can write over it
	Removal    *Removal    `json:"removal,omitempty"`
	Unlisted   *Unlisted   `json:"unlisted,omitempty"`
	Partial    *Partial    `json:"partial,omitempty"`
	Seal       *Seal       `json:"seal,omitempty"`
	Rescan     *Rescan     `json:"rescan,omitempty"`
	Release    *Release    `json:"release,omitempty"`

	Stored bool `json:"-"` // came from a store: a hint to Put that the row exists, never a promise
}

// Record says that this version is part of what was submitted. Of what was
// handed in every writer writes the same, so that one who comes late undoes
// nothing.
type Record struct {
	Listed   bool   `json:"listed"`
	Size     int64  `json:"size"` // bytes
	Type     string `json:"type"` // declared content type
	BlobType string `json:"blobType"`
	Tier     string `json:"tier,omitempty"`
	Kept     int    `json:"kept,omitempty"`    // turn from whose sealed container it comes; 0: from the draft
	Changes  int    `json:"changes,omitempty"` // times it was overwritten while being sealed
}

// Inspection is what one streaming read found.
type Inspection struct {
	Size     int64     `json:"size"`     // bytes read
	SHA256   string    `json:"sha256"`   // lower-case hex
	Type     string    `json:"type"`     // media type by content
	Findings []Finding `json:"findings"` // in the order found
	At       time.Time `json:"at"`
}

// Progress is where an inspection stands between slices.
type Progress struct {
	Offset int64  `json:"offset"` // bytes hashed so far
	Hash   []byte `json:"hash"`   // the hash's own marshalled state
	Type   string `json:"type"`   // media type, from the first slice

	At time.Time `json:"at,omitzero"` // when the slice ended
}

// Removal is the tombstone of a version: it is not part of any later submit.
type Removal struct {
	By string    `json:"by"` // object id of who removed it
	At time.Time `json:"at"`
}

// FileRemoved is what the removal of a file is called in the audit trail.
const FileRemoved = "file_removed"

// RemovedDetail tells in the audit trail which version was removed. The trail
// holds no names: who knows a name can find its hash.
func (f File) RemovedDetail() string {
	return fmt.Sprintf("SHA-256 of the name %.16s, version %s", Digest([]byte(f.Name)), f.ETag)
}

// Unlisted takes a version off the list for good: another came in its place, or
// it was removed as it was handed in. It is a group of its own, so that a
// worker who lists the version late does not put it back.
type Unlisted struct {
	Why string `json:"why"`
}

// Partial says how far the sealing of a large file is. It is a group of its
// own, so that a slice that comes late cannot undo a Seal.
type Partial struct {
	Offset int64 `json:"offset"` // bytes copied so far
}

// Seal says which blob in the sealed container holds this version.
type Seal struct {
	ETag string `json:"etag"` // of the sealed blob
}

// Rescan is a copy that is made to ask the scanner again.
type Rescan struct {
	ETag   string    `json:"etag"`             // of the rescan blob; "" while blocks are being copied
	Tries  int       `json:"tries"`            // copies begun so far
	Offset int64     `json:"offset,omitempty"` // bytes copied so far, while ETag is ""
	At     time.Time `json:"at"`
}

// Release says how far the file is across the boundary.
type Release struct {
	Attempt  int    `json:"attempt"`
	ETag     string `json:"etag"`   // of the released blob; "" while blocks are being copied
	Offset   int64  `json:"offset"` // bytes copied so far
	Checked  int64  `json:"checked,omitempty"`
	Hash     []byte `json:"hash,omitempty"` // the check's hash state between slices
	Verified bool   `json:"verified"`       // size, and SHA-256 where policy says so, equal the manifest's
}

// Severity says what a finding does.
type Severity string

// The severities.
const (
	Refuse Severity = "refuse" // cannot be submitted
	Note   Severity = "note"   // the reviewer sees it
)

// Finding is something noteworthy about a file.
type Finding struct {
	Code     string   `json:"code"` // stable, snake_case
	Severity Severity `json:"severity"`
	Text     string   `json:"text"` // for people; says what to do
}

// Listed tells whether the version is part of what was submitted.
func (f File) Listed() bool { return f.Record != nil && f.Record.Listed && f.Unlisted == nil }

// Sealed tells whether the version's sealed blob is complete.
func (f File) Sealed() bool { return f.Seal != nil && f.Seal.ETag != "" }

// Refused tells whether the findings, or a verdict that a scan can never
// give, keep the file out.
func (f File) Refused() bool {
	if f.Verdict != nil && f.Verdict.Class == Unscannable {
		return true
	}
	return f.Inspection != nil && HasRefusal(f.Inspection.Findings)
}

// RefusedBy is Refused under a policy: without a scan, what a scanner could not
// do refuses nothing.
func (f File) RefusedBy(p Policy) bool {
	if f.Inspection != nil && HasRefusal(f.Inspection.Findings) {
		return true
	}
	return !p.SkipScan && f.Class() == Unscannable
}

// HasRefusal tells whether one of the findings refuses the file.
func HasRefusal(findings []Finding) bool {
	for _, f := range findings {
		if f.Severity == Refuse {
			return true
		}
	}
	return false
}

// NormalizeETag strips what differs between headers, listings and events:
// quotes and the weak mark. BlobCreated shows both forms.
func NormalizeETag(etag string) string {
	return strings.Trim(strings.TrimPrefix(strings.TrimSpace(etag), "W/"), `"`)
}

// MaxPut is how many files one Put may write: what an entity-group transaction
// of Azure Tables holds.
// https://learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions
const MaxPut = 100

// CheckPut returns ErrInvalid for files that cannot be written in one Put: more
// than MaxPut, or one version twice.
func CheckPut(files []File) error {
	if len(files) > MaxPut {
		return fmt.Errorf("files: %d in one page, at most %d: %w", len(files), MaxPut, ErrInvalid)
	}
	seen := make(map[[2]string]bool, len(files))
	for _, f := range files {
		version := [2]string{f.Name, f.ETag}
		if seen[version] {
			return fmt.Errorf("files: one version twice in a page: %w", ErrInvalid)
		}
		seen[version] = true
	}
	return nil
}
