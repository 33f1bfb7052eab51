package jtoken

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// iso is what Newtonsoft takes for a date: a full ISO 8601 date and time. A
// date alone stays a string.
// https://github.com/JamesNK/Newtonsoft.Json/blob/13.0.3/Src/Newtonsoft.Json/Utilities/DateTimeUtils.cs
var iso = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,16})?(Z|[+-]\d\d:?\d\d)?$`)

// msDate is Microsoft's old spelling, milliseconds since 1970.
var msDate = regexp.MustCompile(`^/Date\((-?\d+)([+-]\d{4})?\)/$`)

// tick is .NET's resolution of time.
const tick = 100 * time.Nanosecond

func parseDate(s string) (time.Time, Zone, bool) {
	if m := msDate.FindStringSubmatch(s); m != nil {
		ms, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil {
			return time.Time{}, Unspecified, false
		}
		return time.UnixMilli(ms).UTC(), zoneOf(m[2], UTC), true
	}
	m := iso.FindStringSubmatch(s)
	if m == nil {
		return time.Time{}, Unspecified, false
	}
	layout := "2006-01-02T15:04:05"
	zone := Unspecified
	if m[2] != "" {
		zone = Local
		layout += "Z07:00"
		if !strings.Contains(m[2], ":") {
			layout = strings.Replace(layout, "Z07:00", "Z0700", 1)
		}
		if m[2] == "Z" {
			zone = UTC
		}
	}
	when, err := time.Parse(layout, s)
	if err != nil { // the 31st of February and the like
		return time.Time{}, Unspecified, false
	}
	return when.UTC().Truncate(tick), zone, true
}

func zoneOf(offset string, without Zone) Zone {
	if offset != "" {
		return Local
	}
	return without
}

// FormatDate prints a date as Newtonsoft does: fractions without trailing
// zeros, then nothing, "Z" or the host's offset.
func FormatDate(when time.Time, zone Zone) string {
	s := when.UTC().Format("2006-01-02T15:04:05.9999999")
	switch zone {
	case UTC:
		return s + "Z"
	case Local:
		return s + "+00:00"
	case Unspecified:
	}
	return s
}
