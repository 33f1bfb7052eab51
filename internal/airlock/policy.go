package airlock

import (
	"cmp"
	"fmt"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
)

// Workspace is what the airlock needs to know of a workspace.
type Workspace struct {
	ID             string `json:"id"` // UUID
	DisplayName    string `json:"displayName"`
	Description    string `json:"description"`
	StorageAccount string `json:"storageAccount"` // the workspace's own
	Deployed       bool   `json:"deployed"`
	Gone           bool   `json:"gone,omitempty"` // its workspace was deleted
	EnableAirlock  bool   `json:"enableAirlock"`
	Policy         Policy `json:"policy"` // zero fields take the default
}

// Freeze says that a workspace is frozen: no links, no deliveries, no
// decisions, nothing handed in or made.
type Freeze struct {
	By     access.Person `json:"by"`
	Role   access.Role   `json:"role"` // in which the person did it
	At     time.Time     `json:"at"`
	Reason string        `json:"reason"`
}

// Hold is what a store tells, beside the policy, of a workspace's freezing.
type Hold struct {
	Freeze  *Freeze   // nil while it is not frozen
	Resumed time.Time // when it was last unfrozen: no deadline began before
}

// Text says that the workspace is frozen, by whom and why.
func (f Freeze) Text() string {
	return fmt.Sprintf("the workspace is frozen by %s since %s: %s", cmp.Or(f.By.Name, f.By.OID, "an administrator"),
		f.At.UTC().Format("2 January 2006, 15:04 UTC"), f.Reason)
}

// since is when a deadline began that would have begun at: the time in which a
// workspace was frozen counts for nobody.
func (h Hold) since(at time.Time) time.Time {
	if h.Resumed.After(at) {
		return h.Resumed
	}
	return at
}

// Duration is a time.Duration that is written as text, "168h0m0s".
type Duration time.Duration

// MarshalText writes the duration as time.Duration does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads a duration as time.ParseDuration does.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = Duration(parsed)
	return err
}

const day = Duration(24 * time.Hour)

// Policy is what a workspace asks of its airlock. A zero field means the
// default of DefaultPolicy.
type Policy struct {
	Reviewers    int      `json:"reviewers,omitempty"`    // people who must approve
	MaxFiles     int      `json:"maxFiles,omitempty"`     // files in a request
	MaxBytes     int64    `json:"maxBytes,omitempty"`     // bytes in a request
	MaxFileBytes int64    `json:"maxFileBytes,omitempty"` // bytes in one file
	CloseFactor  int      `json:"closeFactor,omitempty"`  // a draft this many times over its limits is closed
	RefuseTypes  []string `json:"refuseTypes,omitzero"`   // media types refused, by content; [] refuses none
	SkipScan     bool     `json:"skipScan,omitempty"`     // no malware verdict is waited for
	SkipHash     bool     `json:"skipHash,omitempty"`     // released files are verified by size alone

	DraftLife    Duration `json:"draftLife,omitempty"`    // from its opening, until a draft is cancelled
	WorkLife     Duration `json:"workLife,omitempty"`     // until work of the engine is called failed
	VerdictLife  Duration `json:"verdictLife,omitempty"`  // until a missing verdict is told to a person
	RescanAfter  Duration `json:"rescanAfter,omitempty"`  // until a missing verdict is asked for again
	ReviewLife   Duration `json:"reviewLife,omitempty"`   // until an undecided request is cancelled
	LinkLife     Duration `json:"linkLife,omitempty"`     // of a link
	RetainFiles  Duration `json:"retainFiles,omitempty"`  // sealed files of requests that ended
	RetainShared Duration `json:"retainShared,omitempty"` // released files, and the sealed ones behind them

	Hold Hold `json:"-"` // not a wish but a state: what freezing does to every request
}

// DefaultPolicy is in force where a workspace says nothing.
var DefaultPolicy = Policy{
	Reviewers:    1,                          // as AzureTRE
	MaxFiles:     10_000,                     // what a reviewer's page and the tables are measured for
	MaxBytes:     1 << 40,                    // 1 TiB: what a night's copying carries
	MaxFileBytes: 50 << 30,                   // 50 GiB: Defender scans no more
	CloseFactor:  2,                          // twice over is no mistake any more
	DraftLife:    30 * day,                   // a month to gather files
	WorkLife:     day,                        // a terabyte crosses in hours
	VerdictLife:  Duration(6 * time.Hour),    // Defender takes up to 3 h
	RescanAfter:  Duration(20 * time.Minute), // most verdicts come in minutes
	ReviewLife:   30 * day,                   // reviewers go on holiday
	LinkLife:     Duration(time.Hour),        // as AzureTRE
	RetainFiles:  7 * day,                    // time to ask why
	RetainShared: 90 * day,                   // time to fetch, and to show what was released
	RefuseTypes: []string{"application/vnd.microsoft.portable-executable", "application/x-elf", // programs
		"application/x-mach-binary", "application/x-msi"},
}

// WithDefaults fills every zero field from DefaultPolicy.
func (p Policy) WithDefaults() Policy {
	d := DefaultPolicy
	p.Reviewers = cmp.Or(p.Reviewers, d.Reviewers)
	p.MaxFiles = cmp.Or(p.MaxFiles, d.MaxFiles)
	p.MaxBytes = cmp.Or(p.MaxBytes, d.MaxBytes)
	p.MaxFileBytes = cmp.Or(p.MaxFileBytes, d.MaxFileBytes)
	p.CloseFactor = cmp.Or(p.CloseFactor, d.CloseFactor)
	p.DraftLife = cmp.Or(p.DraftLife, d.DraftLife)
	p.WorkLife = cmp.Or(p.WorkLife, d.WorkLife)
	p.VerdictLife = cmp.Or(p.VerdictLife, d.VerdictLife)
	p.RescanAfter = cmp.Or(p.RescanAfter, d.RescanAfter)
	p.ReviewLife = cmp.Or(p.ReviewLife, d.ReviewLife)
	p.LinkLife = cmp.Or(p.LinkLife, d.LinkLife)
	p.RetainFiles = cmp.Or(p.RetainFiles, d.RetainFiles)
	p.RetainShared = cmp.Or(p.RetainShared, d.RetainShared)
	if p.RefuseTypes == nil {
		p.RefuseTypes = d.RefuseTypes
	}
	return p
}
