package api

import (
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
)

// Request is AzureTRE's AirlockRequest, with our fields after its own. Times
// are Unix seconds, as there.
// https://github.com/microsoft/AzureTRE/blob/main/api_app/models/domain/airlock_request.py
type Request struct {
	ID                  string         `json:"id"`
	ResourceVersion     int            `json:"resourceVersion"`
	CreatedBy           User           `json:"createdBy"`
	CreatedWhen         float64        `json:"createdWhen"`
	UpdatedBy           User           `json:"updatedBy"`
	UpdatedWhen         float64        `json:"updatedWhen"`
	History             []History      `json:"history"`
	WorkspaceID         string         `json:"workspaceId"`
	Type                airlock.Type   `json:"type"`
	Files               []NamedFile    `json:"files" doc:"At most 1,000; empty in lists. See filesCount, and /files for all of them"`
	Title               string         `json:"title"`
	Justification       string         `json:"businessJustification"`
	Status              airlock.Status `json:"status"`
	StatusMessage       *string        `json:"statusMessage"`
	Reviews             []Review       `json:"reviews"`
	ETag                string         `json:"_etag"`
	ReviewUserResources map[string]any `json:"reviewUserResources"`
	Properties          map[string]any `json:"properties"`
	FilesCount          int            `json:"filesCount" doc:"Files that were submitted"`
	Bytes               int64          `json:"bytes" doc:"Of all files that were submitted"`
	WaitsFor            string         `json:"waitsFor" doc:"A sentence that says what the request waits for"`
	WaitsForRole        airlock.Role   `json:"waitsForRole" doc:"Who has to act next; empty when nobody has to"`
	Deadline            *float64       `json:"deadline" doc:"Until when; null when there is no deadline"`
	Step                string         `json:"step" doc:"Step within submitted: sealing or gating"`
	Turn                int            `json:"turn" doc:"Goes up each time the request is returned"`
	ManifestDigest      string         `json:"manifestDigest" doc:"Of the files under review; a decision should name it"`
	Warnings            []string       `json:"warnings"`
}

// User is a person as AzureTRE writes one.
type User struct {
	ID    string        `json:"id"`
	Name  string        `json:"name"`
	Email string        `json:"email"`
	Roles []access.Role `json:"roles"`
}

// History is one earlier status.
type History struct {
	ResourceVersion int               `json:"resourceVersion"`
	UpdatedWhen     float64           `json:"updatedWhen"`
	UpdatedBy       User              `json:"updatedBy"`
	Properties      HistoryProperties `json:"properties"`
}

// HistoryProperties says which status it was.
type HistoryProperties struct {
	PreviousStatus airlock.Status `json:"previousStatus"`
}

// Review is one decision.
type Review struct {
	ID          string  `json:"id"`
	Reviewer    User    `json:"reviewer"`
	DateCreated float64 `json:"dateCreated"`
	Decision    string  `json:"reviewDecision" doc:"approved, rejected, returned or revoked"`
	Explanation string  `json:"decisionExplanation"`
	Turn        int     `json:"turn"`
	Digest      string  `json:"manifestDigest"`
}

// NamedFile is a file as AzureTRE lists it.
type NamedFile struct {
	Name string `json:"name"`
	Size int64  `json:"size" doc:"Bytes"`
}

// WithActions is a request with what the caller may do.
type WithActions struct {
	Request      Request  `json:"airlockRequest"`
	Actions      []string `json:"allowedUserActions"`
	ContainerURL string   `json:"containerUrl,omitempty" doc:"Write-only link into the draft, in the answer to a creation"`
}

// Requests is a list of requests.
type Requests struct {
	Requests []WithActions `json:"airlockRequests"`
	Next     string        `json:"nextCursor,omitempty" doc:"Where a limit was asked for: cursor of the next page"`
}

// Link is an address that carries its own permission.
type Link struct {
	ContainerURL string `json:"containerUrl"`
}

// File is a file with what was found of it.
type File struct {
	Name      string               `json:"name"`
	Size      int64                `json:"size" doc:"Bytes"`
	ETag      string               `json:"etag"`
	Type      string               `json:"type" doc:"Media type: by content once inspected, before that as declared"`
	SHA256    string               `json:"sha256" doc:"Lower-case hex; empty until inspected"`
	Kept      bool                 `json:"kept" doc:"Of the turn before, not uploaded again"`
	Inspected bool                 `json:"inspected"`
	Verdict   airlock.VerdictClass `json:"verdict" doc:"Of the malware scanner; empty until it spoke"`
	Findings  []airlock.Finding    `json:"findings"`
	Refused   bool                 `json:"refused" doc:"Cannot be submitted"`
}

// Files is a page of files.
type Files struct {
	Files []File `json:"files"`
	Next  string `json:"nextCursor,omitempty"`
	Count int    `json:"filesCount" doc:"Of all files, not only this page's"`
	Bytes int64  `json:"bytes" doc:"Of all files"`
	More  bool   `json:"more,omitempty" doc:"The draft is so far past its limits that not all of it was counted"`
}

// Trail is a page of the audit trail.
type Trail struct {
	Lines    []audit.Line `json:"lines"`
	Next     string       `json:"nextCursor,omitempty"`
	Head     audit.Head   `json:"head" doc:"Where the request itself says that the chain ends"`
	Verified bool         `json:"verified" doc:"The whole trail forms one unbroken chain"`
}

// unix is a time as AzureTRE writes it; microseconds survive.
func unix(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMicro()) / 1e6
}
