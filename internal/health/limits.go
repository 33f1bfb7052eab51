package health

import "time"

// Limits say from when on something is not well. Half of a number or time is
// the warning, unless its line says otherwise.
type Limits struct {
	Sweep      time.Duration // since sweep last went well
	Retain     time.Duration // since retain last went well
	Events     time.Duration // by which the work may be ahead of the events that should have caused it
	Scans      time.Duration // by which inspections may be ahead of scan results
	Overdue    time.Duration // by which a request's work is past its time before it counts as overdue
	Late       int           // overdue requests; one is a warning
	Depth      int           // messages in one queue
	Age        time.Duration // of a queue's oldest message
	Poison     int           // poisoned messages at once; one is a warning
	Dead       int           // dead letters at once; one is a warning
	MailFails  int           // failures of mail in a row; one is a warning
	Versions   time.Duration // for which the two apps may be of different versions; until then it is a warning
	Workspaces int           // workspace accounts asked by one public check, in turn
}

// Level is how well something is.
type Level string

// The levels.
const (
	OK   Level = "ok"
	Warn Level = "warn"
	Bad  Level = "bad"
)

// worse is the worse of two.
func worse(a, b Level) Level {
	rank := map[Level]int{OK: 0, Warn: 1, Bad: 2}
	if rank[b] > rank[a] {
		return b
	}
	return a
}

// number holds a number against its limit: warned from warn on.
func number(n, warn, limit int) Level {
	switch {
	case n >= max(limit, 1):
		return Bad
	case n >= max(warn, 1):
		return Warn
	}
	return OK
}

// age holds a time against its limit; half of it is the warning.
func age(d, limit time.Duration) Level {
	switch {
	case d >= limit:
		return Bad
	case d >= limit/2:
		return Warn
	}
	return OK
}
