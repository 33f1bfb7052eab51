package airlock

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Gate is what the gate says of a submitted request.
type Gate struct {
	On      Trigger  // Infected, Unfit, Passed, or "" while verdicts are missing
	Reason  string   // for people
	Detail  string   // for the audit trail
	Ask     []File   // whose verdict has to be asked for again now
	Waiting int      // files without a verdict that lets them pass
	Faults  []string // the operator's own faults, for the administrators
}

// maxNamed is how many files an answer names.
const maxNamed = 10

// Judge decides at the gate. troubled and unclean are the listed files so
// selected (see Which); unclean may be one page of them, with more telling
// that there are others. Known malware blocks before anything else is said,
// also where no scan is waited for; what is unknown never passes.
func Judge(r Request, p Policy, now time.Time, troubled, unclean []File, more bool) Gate {
	p = p.WithDefaults()
	if bad := only(troubled, func(f File) bool { return f.Class() == Malicious }); len(bad) > 0 {
		return Gate{On: Infected, Reason: malwareIn(len(bad)), Detail: namedBy(bad)}
	}
	if bad := only(troubled, func(f File) bool { return f.RefusedBy(p) }); len(bad) > 0 {
		return Gate{On: Unfit, Reason: "returned by the airlock: " + count(len(bad), "file") +
			" cannot be submitted; see the findings, then remove or replace"}
	}
	unclean = only(unclean, func(f File) bool { return !f.Clean() }) // those whose verdict names a SHA-256 are selected too
	if p.SkipScan || len(unclean) == 0 && !more {
		return Gate{On: Passed}
	}
	g := Gate{Waiting: len(unclean)}
	for _, f := range unclean {
		if f.Class() == Operator && f.Verdict.Detail != "" && !slices.Contains(g.Faults, f.Verdict.Detail) {
			g.Faults = append(g.Faults, f.Verdict.Detail)
		}
		if f.asksAgain(r, p, now) {
			g.Ask = append(g.Ask, f)
		}
	}
	return g
}

// maxBackoff bounds how often the wait for the verdict on a rescan doubles:
// to 16 times, 5 h 20 min by default, which is longer than any scan takes.
const maxBackoff = 4

// asksAgain tells whether a file's verdict is to be asked for by a rescan: at
// once when the scanner said that it did not look, later when it said nothing,
// and ever later with every try, so that a throttled scanner is not flooded.
// A copy that was begun goes on.
func (f File) asksAgain(r Request, p Policy, now time.Time) bool {
	if f.Seal == nil || f.Seal.ETag == "" {
		return false
	}
	since, wait := r.Since, time.Duration(p.RescanAfter)
	if f.Rescan != nil {
		if f.Rescan.ETag == "" {
			return true
		}
		since, wait = f.Rescan.At, wait<<min(max(f.Rescan.Tries-1, 0), maxBackoff)
	}
	due := !now.Before(since.Add(wait))
	if (f.Verdict != nil || f.Malware != nil) && f.Rescan == nil {
		return f.Class() != Clean
	}
	return due
}

func only(files []File, keep func(File) bool) []File {
	return slices.DeleteFunc(slices.Clone(files), func(f File) bool { return !keep(f) })
}

// Limits returns ErrInvalid, naming the limit, when a draft has too many files
// or bytes. far tells that it is past its limits by the policy's CloseFactor.
func Limits(p Policy, blobs int, bytes int64) (far bool, err error) {
	p = p.WithDefaults()
	factor := max(p.CloseFactor, 1)
	far = (blobs-1)/factor >= p.MaxFiles || (bytes-1)/int64(factor) >= p.MaxBytes // exact, and cannot overflow
	switch {
	case blobs > p.MaxFiles:
		return far, fmt.Errorf("files: %d, at most %d: %w", blobs, p.MaxFiles, ErrInvalid)
	case bytes > p.MaxBytes:
		return far, fmt.Errorf("files: %d bytes in all, at most %d: %w", bytes, p.MaxBytes, ErrInvalid)
	}
	return far, nil
}

// Submittable returns ErrInvalid unless these files can be submitted: there
// are some, and none is refused. It names at most ten. A file known to be
// malicious is accepted; the gate blocks it.
func Submittable(p Policy, files []File) error {
	if len(files) == 0 {
		return fmt.Errorf("files: none, upload at least one before you submit: %w", ErrInvalid)
	}
	var named []string
	bad := 0
	for _, f := range files {
		if !f.RefusedBy(p) {
			continue
		}
		if bad++; bad <= maxNamed {
			named = append(named, fmt.Sprintf("%q (%s)", f.Name, f.why()))
		}
	}
	if bad == 0 {
		return nil
	}
	rest := ""
	if bad > maxNamed {
		rest = fmt.Sprintf(" and %d more", bad-maxNamed)
	}
	return fmt.Errorf("files: %s cannot be submitted: %s%s: %w", count(bad, "file"), strings.Join(named, ", "), rest, ErrInvalid)
}

// why is the text of the first refusal.
func (f File) why() string {
	if f.Inspection != nil {
		for _, x := range f.Inspection.Findings {
			if x.Severity == Refuse {
				return x.Text
			}
		}
	}
	return "the scanner cannot read it: " + f.Verdict.Detail
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
