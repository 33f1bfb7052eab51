package eventgrid

import "testing"

// FuzzParseBatch checks that whatever is taken is complete and stamped.
func FuzzParseBatch(f *testing.F) {
	for _, seed := range []string{
		`[{"id":"1","subject":"s","eventType":"t","eventTime":"2026-01-02T03:04:05Z","data":{},"dataVersion":"1"}]`,
		`[{"id":"1","topic":"/topic","subject":"s","eventType":"t","eventTime":"2026-01-02T03:04:05Z","metadataVersion":"1"}]`,
		`[]`, `{}`, `[null]`, `[{"id":1}]`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		events, err := parseBatch(body, "/topic")
		if err != nil {
			return
		}
		for _, e := range events {
			if e.ID == "" || e.Subject == "" || e.EventType == "" || e.Topic != "/topic" || e.MetadataVersion != "1" {
				t.Errorf("%q gives %+v", body, e)
			}
		}
	})
}
