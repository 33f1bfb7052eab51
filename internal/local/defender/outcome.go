package defender

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/local/eventgrid"
	"github.com/trefoil-tre/trefoil/internal/local/gateway"
)

// EventType is the type of every result.
const EventType = "Microsoft.Security.MalwareScanningResult"

// Result types. Azure's pages spell the third in two ways, so both occur.
const (
	NoThreats       = "No threats found"
	Malicious       = "Malicious"
	NotScanned      = "Not Scanned"
	NotScannedLower = "Not scanned"
)

// Code is why something was not scanned.
// Source: https://learn.microsoft.com/azure/defender-for-cloud/understand-malware-scan-results
type Code string

// The codes.
const (
	InternalError      Code = "SAM259201"
	NoAccess           Code = "SAM259203"
	NotFound           Code = "SAM259204"
	ETagMismatch       Code = "SAM259205"
	TooLarge           Code = "SAM259206"
	TimedOut           Code = "SAM259207"
	ArchiveTier        Code = "SAM259208"
	CustomerKey        Code = "SAM259209"
	PasswordProtected  Code = "SAM259210"
	NestedTooDeep      Code = "SAM259211"
	Corrupt            Code = "SAM259212"
	Throttled          Code = "SAM259213"
	Delayed            Code = "SAM259215"
	ImmutabilityPolicy Code = "SAM259220"
)

var reasons = map[Code]string{
	InternalError:      "Scan failed due to an internal service error.",
	NoAccess:           "Scan failed because the scanner has no access to the blob.",
	NotFound:           "Scan failed because the blob was not found.",
	ETagMismatch:       "Scan failed because of an ETag mismatch - blob was possibly overwritten.",
	TooLarge:           "Scan aborted because the blob exceeds the maximum allowed size of 50 GB.",
	TimedOut:           "Scan timed out.",
	ArchiveTier:        "Scan failed because the blob's access tier is set to archive.",
	CustomerKey:        "Scan failed because the blob is encrypted with a customer-provided key.",
	PasswordProtected:  "Scan aborted because the blob is password protected.",
	NestedTooDeep:      "Scan aborted because the blob's archive nesting is too deep.",
	Corrupt:            "Scan aborted because the blob is corrupt.",
	Throttled:          "Scan was throttled.",
	Delayed:            "Scan was delayed; eventually the blob will be scanned.",
	ImmutabilityPolicy: "Scan failed because of an immutability policy together with last access tracking.",
}

// Codes lists every code, for tests that must treat them all.
func Codes() []Code {
	return []Code{
		InternalError, NoAccess, NotFound, ETagMismatch, TooLarge, TimedOut, ArchiveTier, CustomerKey,
		PasswordProtected, NestedTooDeep, Corrupt, Throttled, Delayed, ImmutabilityPolicy,
	}
}

// Outcome is a result on demand.
type Outcome struct {
	// Silent: no result ever comes, as above a quota.
	Silent bool
	// Scan: judge by content after all (with Delay).
	Scan bool
	// Code: not scanned, for this reason.
	Code Code
	// LowerCase spells "Not scanned" in the other way.
	LowerCase bool
	// Type is a result type of the test's own, without details, such as Malicious or Error. Empty: by Code, and
	// "No threats found" without one.
	Type string
	// Delay is added to the Defender's own.
	Delay time.Duration
}

func (o Outcome) verdict() verdict {
	switch {
	case o.Type != "":
		return verdict{kind: o.Type}
	case o.Code == "":
		return verdict{kind: NoThreats}
	}
	v := notScanned(o.Code)
	if o.LowerCase {
		v.kind = NotScannedLower
	}
	return v
}

// verdict is what a result says.
type verdict struct {
	kind    string
	details *details
}

// details of malware, or the reason why there was no scan; clean results have none.
type details struct {
	MalwareNamesFound []string `json:"malwareNamesFound,omitempty"`
	SHA256            string   `json:"sha256,omitempty"`
	NotScannedReason  string   `json:"notScannedReason,omitempty"`
}

func notScanned(code Code) verdict {
	return verdict{kind: NotScanned, details: &details{NotScannedReason: string(code) + ": " + reasons[code]}}
}

// event is the result in Defender's form: blobUri and subject are not escaped, the ETag is not quoted.
func (d *Defender) event(b gateway.Blob, v verdict) eventgrid.Event {
	now := eventgrid.FormatTime(d.cfg.Now())
	data, err := json.Marshal(struct {
		CorrelationID string   `json:"correlationId"`
		BlobURI       string   `json:"blobUri"`
		ETag          string   `json:"eTag"`
		Finished      string   `json:"scanFinishedTimeUtc"`
		ResultType    string   `json:"scanResultType"`
		Details       *details `json:"scanResultDetails"`
	}{uuid.NewString(), d.cfg.BlobURL + "/" + b.Account + "/" + b.Container + "/" + b.Name, b.ETag, now, v.kind, v.details})
	if err != nil {
		panic(err) // strings always marshal
	}
	return eventgrid.Event{
		ID:              uuid.NewString(),
		Topic:           d.cfg.Topic,
		Subject:         "storageAccounts/" + b.Account + "/containers/" + b.Container + "/blobs/" + b.Name,
		EventType:       EventType,
		EventTime:       now,
		Data:            data,
		DataVersion:     "1.0",
		MetadataVersion: "1",
	}
}
