package people

import (
	"slices"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
)

// WarnDays are the days before an end on which people are told of it, where
// nobody sets others.
var WarnDays = []int{14, 3}

// due are the days of days, before the end, that have come and for which nobody
// was told yet.
func due(ends time.Time, days, told []int, now time.Time) (news []int) {
	if ends.IsZero() || !now.Before(ends) {
		return nil
	}
	for _, d := range days {
		if !now.Before(ends.AddDate(0, 0, -d)) && !slices.Contains(told, d) {
			news = append(news, d)
		}
	}
	return news
}

// Warn tells of the memberships that end soon, each once for every one of
// days: the marks that it was done are part of the change. Of several that have
// come at once it is told once. ok is false when there is nothing to tell.
func (s State) Warn(now time.Time, days []int) (c Change, ok bool) {
	a := Act{At: now, Operation: s.Roll.Operation}
	c = s.begin(a)
	for _, m := range s.Members {
		news := due(m.Expires, days, m.Warned, now)
		if len(news) == 0 || m.Group || len(c.Put) == MaxAtOnce {
			continue
		}
		m.Warned = append(slices.Clone(m.Warned), news...)
		c.Put = append(c.Put, m)
		c.tell(a, Notice{Event: Ending, Member: m, Ends: m.Expires})
	}
	return c, len(c.Put) > 0
}

// Warn is as State.Warn, of training and agreement.
func (r Record) Warn(now time.Time, days []int) (c RecordChange, ok bool) {
	a := Act{At: now, Operation: r.Operation}
	c = r.begin(a)
	for i, e := range c.Record.Expiries {
		news := due(e.Ends, days, e.Warned, now)
		if len(news) == 0 {
			continue
		}
		c.Record.Expiries[i].Warned = append(slices.Clone(e.Warned), news...)
		c.tell(a, Notice{Event: ExpiryEnding, Member: access.Membership{OID: r.OID, Name: r.Name, Email: r.Email}, Kind: e.Kind, Ends: e.Ends})
		ok = true
	}
	return c, ok
}
