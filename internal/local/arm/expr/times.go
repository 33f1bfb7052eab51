package expr

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var timeFunctions = map[string]plain{
	"datetimefromepoch": of1(func(n int64) any { return time.Unix(n, 0).UTC().Format(time.RFC3339) }),
	"datetimetoepoch": of1any(func(v any) (any, error) {
		t, err := timeOf(v)
		return t.Unix(), err
	}),
	"datetimeadd": dateTimeAdd,
}

// layouts are the times that templates write.
var layouts = []string{time.RFC3339Nano, "20060102T150405Z", "2006-01-02 15:04:05Z", "2006-01-02T15:04:05", "2006-01-02"}

func timeOf(v any) (time.Time, error) {
	s, _ := v.(string)
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("'%s' is not a time", toText(v))
}

// tokens of .NET's date formats, the longer before the shorter.
var tokens = strings.NewReplacer("yyyy", "2006", "yy", "06", "MM", "01", "dd", "02", "HH", "15", "mm", "04", "ss", "05",
	"M", "1", "d", "2", "u", "2006-01-02 15:04:05Z", "'", "")

// FormatTime prints a time in a .NET date format; the empty one means yyyyMMddTHHmmssZ.
func FormatTime(t time.Time, layout string) string {
	if layout == "" {
		layout = "yyyyMMddTHHmmssZ"
	}
	return t.UTC().Format(tokens.Replace(layout))
}

var duration = regexp.MustCompile(`^(-?)P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$`)

func dateTimeAdd(args []any) (any, error) {
	base, by, err := two[string, string](args)
	if err != nil {
		return nil, err
	}
	t, err := timeOf(base)
	if err != nil {
		return nil, err
	}
	m := duration.FindStringSubmatch(by)
	if m == nil {
		return nil, fmt.Errorf("'%s' is not an ISO 8601 duration", by)
	}
	sign := 1
	if m[1] != "" {
		sign = -1
	}
	var n [9]int
	for i := 2; i < len(m); i++ {
		n[i], _ = strconv.Atoi(m[i]) // digits or nothing
		n[i] *= sign
	}
	days := 365*n[2] + 30*n[3] + 7*n[4] + n[5] // .NET's idea of years and months
	t = t.AddDate(0, 0, days).Add(time.Duration(n[6])*time.Hour + time.Duration(n[7])*time.Minute + time.Duration(n[8])*time.Second)
	if len(args) > 2 {
		layout, err := arg[string](args, 2)
		if err != nil {
			return nil, err
		}
		return FormatTime(t, layout), nil
	}
	return t.Format(time.RFC3339), nil
}
