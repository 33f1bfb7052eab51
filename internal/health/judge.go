package health

import (
	"fmt"
	"time"
)

// Part is how one part is. The message is for administrators.
type Part struct {
	Name    string `json:"service" doc:"its name" example:"Tables"`
	Level   Level  `json:"verdict" enum:"ok,warn,bad" doc:"how it is, by the settings' limits"`
	Message string `json:"message" doc:"why, without names of files or people" example:"403 AuthorizationFailure"`
}

// The parts that are judged by heartbeats.
const (
	PartEngine   = "Engine"
	PartEvents   = "Events"
	PartTopic    = "Topic"
	PartMail     = "Mail"
	PartPoison   = "Poison messages"
	PartDead     = "Dead letters"
	PartWork     = "Unfinished work"
	PartVersions = "Versions"
)

// judge is what heartbeats say at one moment.
type judge struct {
	beats   []Heartbeat
	now     time.Time
	limits  Limits
	version string // of the app that asks
}

// rule judges one part.
type rule struct {
	name  string
	judge func(judge) (Level, string)
}

// rules are the parts that heartbeats tell of.
var rules = []rule{
	{PartEngine, judge.engine}, {PartEvents, judge.events}, {PartTopic, judge.topic}, {PartMail, judge.mail},
	{PartPoison, judge.poison}, {PartDead, judge.dead}, {PartWork, judge.work}, {PartVersions, judge.versions},
}

// all are the parts that heartbeats tell of.
func (j judge) all() []Part {
	parts := make([]Part, 0, len(rules))
	for _, r := range rules {
		level, text := r.judge(j)
		parts = append(parts, Part{Name: r.name, Level: level, Message: text})
	}
	return parts
}

func (j judge) of(source string) Heartbeat { return Merged(j.beats, source) }

// engine is alive while its timers run and succeed.
func (j judge) engine() (Level, string) {
	level, text := j.ran(Sweep, j.limits.Sweep)
	second, more := j.ran(Retain, j.limits.Retain)
	if j.of(Retain).Since.IsZero() { // it runs once an hour: a new installation waits for it
		second, more = OK, "retain has not run yet"
	}
	return worse(level, second), text + "; " + more
}

func (j judge) ran(source string, limit time.Duration) (Level, string) {
	h := j.of(source)
	if h.At.IsZero() && h.FailedAt.IsZero() {
		return age(j.now.Sub(j.installed()), limit), source + " has never run"
	}
	since := h.At
	if since.IsZero() {
		since = h.Since
	}
	level := age(j.now.Sub(since), limit)
	text := fmt.Sprintf("%s went well %s ago", source, j.ago(h.At))
	if h.At.IsZero() {
		text = source + " has never gone well"
	}
	if h.Failing() {
		level = worse(level, Warn)
		text += fmt.Sprintf(" and has failed %d times since: %s", h.Failures, h.Class)
	}
	return level, text
}

// installed is since when somebody could have seen the engine at work: when the
// first front came up that still tells of itself.
func (j judge) installed() (first time.Time) {
	for _, h := range j.beats {
		if h.Source == Front && !h.Since.IsZero() && (first.IsZero() || h.Since.Before(first)) {
			first = h.Since
		}
	}
	return first
}

func (j judge) ago(t time.Time) string { return j.now.Sub(t).Round(time.Second).String() }

// events come while people work. A quiet system has none, so only work that was
// done without them says that they are missing: none came in the time before
// the last of it, nor since it began.
func (j judge) events() (Level, string) {
	level, text := OK, "events come with the work"
	for _, pair := range []struct {
		did, event, what string
		limit            time.Duration
	}{
		{Inspection, BlobCreated, "files are inspected, but no storage event comes", j.limits.Events},
		{Inspection, BlobScanned, "files are inspected, but no scan result comes", j.limits.Scans},
		{Topic, Changed, "status changes are published, but none comes back", j.limits.Events},
	} {
		did, came := j.of(pair.did), j.of(pair.event).At
		if did.At.IsZero() || !came.Before(did.At.Add(-pair.limit)) {
			continue
		}
		since := did.Busy
		if came.After(since) {
			since = came
		}
		if l := age(j.now.Sub(since), pair.limit); l != OK {
			level, text = worse(level, l), pair.what+" for "+j.ago(since)
		}
	}
	return level, text
}

// topic is well when the last event of ours was taken: Event Grid has no other
// way to ask.
func (j judge) topic() (Level, string) {
	h := j.of(Topic)
	switch {
	case h.Failing():
		return Bad, fmt.Sprintf("the last event was not published, %s ago: %s", j.ago(h.FailedAt), h.Class)
	case h.At.IsZero():
		return OK, "nothing was published yet"
	}
	return OK, fmt.Sprintf("an event was published %s ago", j.ago(h.At))
}

// mail fails now and then, and is tried again: only several failures in a row
// say that the server is down.
func (j judge) mail() (Level, string) {
	h := j.of(Mail)
	switch {
	case h.Failing():
		return number(h.Failures, 1, j.limits.MailFails),
			fmt.Sprintf("%d failures in a row, the last %s ago: %s", h.Failures, j.ago(h.FailedAt), h.Class)
	case h.At.IsZero():
		return OK, "nothing was sent yet"
	}
	return OK, fmt.Sprintf("a mail was sent %s ago", j.ago(h.At))
}

func (j judge) poison() (Level, string) {
	n := int(j.of(Sweep).Counts[CountPoison])
	return number(n, 1, j.limits.Poison), fmt.Sprintf("%d messages in the last sweep that no function could handle", n)
}

func (j judge) dead() (Level, string) {
	n := int(j.of(Sweep).Counts[CountDead])
	return number(n, 1, j.limits.Dead), fmt.Sprintf("%d events in the last sweep that Event Grid could not deliver", n)
}

func (j judge) work() (Level, string) {
	n := int(j.of(Sweep).Counts[CountOverdue])
	return number(n, 1, j.limits.Late), fmt.Sprintf("%d requests do not move, looked at again and again for %s", n, j.limits.Overdue)
}

// versions differ while one of the two apps is being deployed, but not for
// long.
func (j judge) versions() (Level, string) {
	engine := j.of(Engine)
	if engine.At.IsZero() || engine.Detail == j.version {
		return OK, "both apps are version " + j.version
	}
	text := fmt.Sprintf("the front is version %s, the engine %s", j.version, engine.Detail)
	since := time.Time{} // when the younger of the two came up
	for _, h := range j.beats {
		if (h.Source == Front && h.Detail == j.version || h.Source == Engine && h.Detail == engine.Detail) && h.Since.After(since) {
			since = h.Since
		}
	}
	if j.now.Sub(since) < j.limits.Versions {
		return Warn, text
	}
	return Bad, text
}
