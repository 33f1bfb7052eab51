package eventgrid

import (
	"encoding/json"
	"time"
)

// Event is one event in the Event Grid schema. All fields are always present, empty ones too, as Azure sends them.
// Source: https://learn.microsoft.com/azure/event-grid/event-schema
type Event struct {
	ID              string          `json:"id"`
	Topic           string          `json:"topic"`
	Subject         string          `json:"subject"`
	EventType       string          `json:"eventType"`
	EventTime       string          `json:"eventTime"`
	Data            json.RawMessage `json:"data"`
	DataVersion     string          `json:"dataVersion"`
	MetadataVersion string          `json:"metadataVersion"`
}

// timeFormat has seven digits of a second, as .NET prints times.
const timeFormat = "2006-01-02T15:04:05.0000000Z"

// FormatTime prints a time as the services do.
func FormatTime(t time.Time) string { return t.UTC().Format(timeFormat) }
