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
	ID                  string         `json:"id" doc:"UUID of the request" example:"a9c5e3a0-7d44-4d0c-9df0-3c1f1a1d5b10"`
	ResourceVersion     int            `json:"resourceVersion" doc:"Goes up with each change of status" example:"3"`
	CreatedBy           User           `json:"createdBy" doc:"Who made it"`
	CreatedWhen         float64        `json:"createdWhen" doc:"When it was made, Unix seconds" example:"1795338000.25"`
	UpdatedBy           User           `json:"updatedBy" doc:"Who changed its status last"`
	UpdatedWhen         float64        `json:"updatedWhen" doc:"When its status changed last, Unix seconds" example:"1795338060.5"`
	History             []History      `json:"history" doc:"The statuses before, oldest first"`
	WorkspaceID         string         `json:"workspaceId" doc:"UUID of the workspace" example:"11111111-1111-4111-8111-111111111111"`
	Type                airlock.Type   `json:"type" doc:"import into the workspace, or export out of it" example:"import" enum:"import,export"`
	Files               []NamedFile    `json:"files" doc:"At most 1,000; empty in lists. See filesCount, and /files for all of them"`
	Title               string         `json:"title" doc:"One line, at most 200 characters" example:"Trial data"`
	Justification       string         `json:"businessJustification" doc:"Why the data have to move, at most 2,000 characters" example:"Needed for the analysis of the second visit"`
	Status              airlock.Status `json:"status" doc:"As AzureTRE names it" example:"in_review"`
	StatusMessage       *string        `json:"statusMessage" doc:"What went wrong or was asked for; null when nothing" example:"none"`
	Reviews             []Review       `json:"reviews" doc:"Every decision, oldest first"`
	ETag                string         `json:"_etag" doc:"Version of the request; send it back as If-Match with a change" example:"W/\"1\""`
	ReviewUserResources map[string]any `json:"reviewUserResources" doc:"Empty: review machines are not set up here"`
	Properties          map[string]any `json:"properties" doc:"Whatever the client kept with the request, at most 8 KiB of JSON"`
	FilesCount          int            `json:"filesCount" doc:"Files that were submitted" example:"2"`
	Bytes               int64          `json:"bytes" doc:"Of all files that were submitted" example:"1048576"`
	WaitsFor            string         `json:"waitsFor" doc:"A sentence that says what the request waits for" example:"a decision by an airlock manager"`
	WaitsForRole        airlock.Role   `json:"waitsForRole" doc:"Who has to act next; empty when nobody has to" example:"manager"`
	Deadline            *float64       `json:"deadline" doc:"Until when, Unix seconds; null when there is no deadline" example:"1795942800"`
	Step                string         `json:"step" doc:"Step within submitted: sealing or gating; empty otherwise" example:"sealing"`
	Turn                int            `json:"turn" doc:"Goes up each time the request is returned" example:"1"`
	ManifestDigest      string         `json:"manifestDigest" doc:"SHA-256 of the manifest of the files under review; a decision should name it" example:"5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9"`
	Warnings            []string       `json:"warnings" doc:"Sentences that the reader should know"`
}

// User is a person as AzureTRE writes one.
type User struct {
	ID    string        `json:"id" doc:"Entra object id, a UUID" example:"a0000000-0000-4000-8000-000000000001"`
	Name  string        `json:"name" doc:"Display name" example:"Ann"`
	Email string        `json:"email" doc:"Mail address; may be empty" example:"ann@example.org"`
	Roles []access.Role `json:"roles" doc:"Always empty: roles are of a workspace"`
}

// History is one earlier status.
type History struct {
	ResourceVersion int               `json:"resourceVersion" doc:"Version before the change" example:"2"`
	UpdatedWhen     float64           `json:"updatedWhen" doc:"When it changed, Unix seconds" example:"1795338000.25"`
	UpdatedBy       User              `json:"updatedBy" doc:"Who changed it"`
	Properties      HistoryProperties `json:"properties" doc:"What it was"`
}

// HistoryProperties says which status it was.
type HistoryProperties struct {
	PreviousStatus airlock.Status `json:"previousStatus" doc:"Status before the change" example:"submitted"`
}

// Review is one decision.
type Review struct {
	ID          string  `json:"id" doc:"UUID of the decision" example:"3d6f0a51-50f5-4d31-8a3b-0b1c5b0f1c11"`
	Reviewer    User    `json:"reviewer" doc:"Who decided"`
	DateCreated float64 `json:"dateCreated" doc:"When, Unix seconds" example:"1795338060.5"`
	Decision    string  `json:"reviewDecision" doc:"approved, rejected, returned or revoked" example:"approved"`
	Explanation string  `json:"decisionExplanation" doc:"The reason given, at most 2,000 characters" example:"Nothing in it identifies anybody"`
	Turn        int     `json:"turn" doc:"The turn that was decided on" example:"1"`
	Digest      string  `json:"manifestDigest" doc:"SHA-256 of the manifest that the reviewer saw" example:"5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9"`
}

// NamedFile is a file as AzureTRE lists it.
type NamedFile struct {
	Name string `json:"name" doc:"Path within the request, with / between folders" example:"visits/second.csv"`
	Size int64  `json:"size" doc:"Bytes" example:"524288"`
}

// WithActions is a request with what the caller may do.
type WithActions struct {
	Request      Request  `json:"airlockRequest" doc:"The request"`
	Actions      []string `json:"allowedUserActions" doc:"What the caller may do now: submit, cancel, review, return, revoke, stop, retry" example:"[\"submit\",\"cancel\"]"`
	ContainerURL string   `json:"containerUrl,omitempty" doc:"Write-only link into the draft, in the answer to a creation" example:"https://airlock.blob.core.windows.net/import-draft?sig=example"`
}

// Requests is a list of requests.
type Requests struct {
	Requests []WithActions `json:"airlockRequests" doc:"The requests, in the order asked for"`
	Next     string        `json:"nextCursor,omitempty" doc:"Cursor of the next page; absent on the last" example:"50"`
}

// Link is an address that carries its own permission.
type Link struct {
	ContainerURL string `json:"containerUrl" doc:"Address of a container of blobs, good for about an hour. Whoever has it has what it allows: do not pass it on" example:"https://airlock.blob.core.windows.net/import-draft?sig=example"`
}

// File is a file with what was found of it.
type File struct {
	Name      string               `json:"name" doc:"Path within the request, with / between folders" example:"visits/second.csv"`
	Size      int64                `json:"size" doc:"Bytes" example:"524288"`
	ETag      string               `json:"etag" doc:"Version of the blob" example:"0x8DD0A1B2C3D4E5F"`
	Type      string               `json:"type" doc:"Media type: by content once inspected, before that as declared" example:"text/csv"`
	SHA256    string               `json:"sha256" doc:"Lower-case hex; empty until inspected" example:"5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9"`
	Kept      bool                 `json:"kept" doc:"Of the turn before, not uploaded again" example:"false"`
	Inspected bool                 `json:"inspected" doc:"Whether the content was looked at" example:"true"`
	Verdict   airlock.VerdictClass `json:"verdict" doc:"Of the malware scanner; empty until it spoke" example:"clean"`
	Findings  []airlock.Finding    `json:"findings" doc:"What is noteworthy about the file"`
	Refused   bool                 `json:"refused" doc:"Cannot be submitted" example:"false"`
}

// Files is a page of files.
type Files struct {
	Files []File `json:"files" doc:"Files in a stable order"`
	Next  string `json:"nextCursor,omitempty" doc:"Cursor of the next page; absent on the last" example:"2"`
	Count int    `json:"filesCount" doc:"Of all files, not only this page's" example:"2"`
	Bytes int64  `json:"bytes" doc:"Of all files" example:"1048576"`
	More  bool   `json:"more,omitempty" doc:"The draft is so far past its limits that not all of it was counted" example:"true"`
}

// Trail is a page of the audit trail.
type Trail struct {
	Lines    []audit.Line `json:"lines" doc:"Audit lines, oldest first"`
	Next     string       `json:"nextCursor,omitempty" doc:"Cursor of the next page; absent on the last" example:"1000"`
	Head     audit.Head   `json:"head" doc:"Where the request itself says that the chain ends"`
	Verified bool         `json:"verified" doc:"The whole trail forms one unbroken chain" example:"true"`
}

// unix is a time as AzureTRE writes it; microseconds survive.
func unix(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMicro()) / 1e6
}
