package idle

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Schedule is a time of day, every day, on the clocks of a place.
type Schedule struct {
	Minute int            // of the day, 0 to 1439
	Zone   *time.Location // nil: there is no schedule
}

// ParseSchedule reads AzureTRE's shutdown_time, HHMM or HMM, and a zone: an IANA
// name such as Europe/London, or one of Windows as AzureTRE has them.
func ParseSchedule(clock, zone string) (Schedule, error) {
	written := clock
	if len(clock) == len("HMM") {
		clock = "0" + clock
	}
	hour, err := strconv.Atoi(clock[:min(2, len(clock))])
	minute, err2 := strconv.Atoi(clock[min(2, len(clock)):])
	if len(clock) != 4 || strings.ContainsAny(clock, "+-") || err != nil || err2 != nil || hour < 0 || hour > 23 || minute < 0 || minute > 59 {
		return Schedule{}, fmt.Errorf("shutdown_time: %.10q is no time of day such as 1830", written)
	}
	name, known := windowsZones[zone]
	if !known {
		name = zone
	}
	place, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return Schedule{}, fmt.Errorf("shutdown_timezone: %.60q is no time zone that is known here", zone)
	}
	return Schedule{Minute: 60*hour + minute, Zone: place}, nil
}

func (s Schedule) zero() bool { return s.Zone == nil }

// after is the first time after a moment that the schedule names. Where clocks
// are put forward over it, it is as much later; where they show it twice, it is the first.
func (s Schedule) after(at time.Time) time.Time {
	if s.zero() {
		return time.Time{}
	}
	local := at.In(s.Zone)
	for days := 0; ; days++ {
		due := time.Date(local.Year(), local.Month(), local.Day()+days, 0, s.Minute, 0, 0, s.Zone)
		if twin := due.Add(-time.Hour); twin.Hour() == due.Hour() && twin.Minute() == due.Minute() { // the clocks show it twice, and time.Date takes either
			due = twin
		}
		if due.After(at) {
			return due.UTC()
		}
	}
}
