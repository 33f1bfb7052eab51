package eventgrid

import (
	"encoding/json"
	"testing"
	"time"
)

// filtered is the event that filters are tried on.
func filtered() Event {
	return Event{
		ID: "1", Topic: "/topic", Subject: "/blobServices/default/containers/draft-1/blobs/A.csv", EventType: "Microsoft.Storage.BlobCreated",
		DataVersion: "1", Data: json.RawMessage(`{"api":"PutBlob","contentLength":5,"deep":{"flag":true,"none":null}}`),
	}
}

func TestFilter(t *testing.T) {
	t.Parallel()
	e := filtered()
	advanced := func(operator, key string, values ...any) Filter {
		return Filter{Advanced: []AdvancedFilter{{Operator: operator, Key: key, Values: values}}}
	}
	for name, tc := range map[string]struct {
		filter Filter
		want   bool
	}{
		"everything":            {Filter{}, true},
		"type":                  {Filter{IncludedEventTypes: []string{"x", "microsoft.storage.blobcreated"}}, true},
		"other type":            {Filter{IncludedEventTypes: []string{"x"}}, false},
		"begins":                {Filter{SubjectBeginsWith: "/blobServices/default/containers/DRAFT-"}, true},
		"begins, case counts":   {Filter{SubjectBeginsWith: "/blobServices/default/containers/DRAFT-", CaseSensitive: true}, false},
		"begins otherwise":      {Filter{SubjectBeginsWith: "/blobServices/default/containers/sealed-"}, false},
		"ends":                  {Filter{SubjectEndsWith: ".csv"}, true},
		"ends otherwise":        {Filter{SubjectEndsWith: ".txt"}, false},
		"string in":             {advanced("StringIn", "data.api", "CopyBlob", "putblob"), true},
		"string not in":         {advanced("StringNotIn", "data.api", "CopyBlob", "PutBlob"), false},
		"string not in, passes": {advanced("StringNotIn", "data.api", "CopyBlob"), true},
		"string begins":         {advanced("StringBeginsWith", "subject", "/blobServices"), true},
		"string ends":           {advanced("StringEndsWith", "subject", ".csv"), true},
		"string contains":       {advanced("StringContains", "subject", "draft-"), true},
		"not a string":          {advanced("StringContains", "data.contentLength", "5"), false},
		"number in":             {advanced("NumberIn", "data.contentLength", 4.0, 5.0), true},
		"number greater":        {advanced("NumberGreaterThan", "data.contentLength", 5.0), false},
		"number less":           {advanced("NumberLessThan", "data.contentLength", 6.0), true},
		"boolean":               {advanced("BoolEquals", "data.deep.flag", true), true},
		"absent":                {advanced("IsNullOrUndefined", "data.none.at.all"), true},
		"null":                  {advanced("IsNotNull", "data.deep.none"), false},
		"id, topic, version": {Filter{Advanced: []AdvancedFilter{
			{"StringIn", "id", []any{"1"}}, {"StringIn", "topic", []any{"/topic"}}, {"StringIn", "dataVersion", []any{"1"}},
			{"StringIn", "eventType", []any{e.EventType}},
		}}, true},
		"all must fit": {Filter{Advanced: []AdvancedFilter{{"StringIn", "id", []any{"1"}}, {"StringIn", "id", []any{"2"}}}}, false},
	} {
		if err := tc.filter.check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := tc.filter.Match(e); got != tc.want {
			t.Errorf("%s: Match = %v", name, got)
		}
	}
}

func TestUnknownOperatorIsRefused(t *testing.T) {
	t.Parallel()
	f := Filter{Advanced: []AdvancedFilter{{Operator: "StringResembles", Key: "id"}}}
	if err := f.check(); err == nil {
		t.Error("an unknown operator is accepted")
	}
}

func TestRealTimesAreAzures(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		attempts, status int
		chance           float64
		want             time.Duration
	}{
		{1, 500, 0, 10 * time.Second},
		{2, 0, 0, 30 * time.Second},
		{4, 500, 0, 5 * time.Minute},
		{10, 500, 0, 12 * time.Hour},
		{29, 500, 0, 12 * time.Hour},
		{1, 401, 0, 5 * time.Minute},
		{1, 408, 0, 2 * time.Minute},
		{1, 503, 0, 30 * time.Second},
		{7, 401, 0, time.Hour},
		{1, 500, 1, 11 * time.Second},
	} {
		if got := RealTimes().wait(tc.attempts, tc.status, tc.chance); got != tc.want {
			t.Errorf("wait(%d, %d, %v) = %v, want %v", tc.attempts, tc.status, tc.chance, got, tc.want)
		}
	}
}
