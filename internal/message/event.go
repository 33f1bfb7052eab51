package message

import "time"

// The types and versions of the events we publish, as AzureTRE names them.
// https://github.com/microsoft/AzureTRE/tree/main/api_app/event_grid
const (
	TypeStatusChanged = "statusChanged"
	VersionChanged    = "2.0"
	TypeNotification  = "airlockNotification"
	VersionNotified   = "4.0"
)

// Fact is an event as it is published.
type Fact struct {
	ID      string // the same for a repeat
	Subject string
	Type    string
	Version string // of the data's schema
	At      time.Time
	Data    any
}

// StatusChanged says that a request has a new status.
type StatusChanged struct {
	RequestID      string `json:"request_id"`
	NewStatus      string `json:"new_status"`
	PreviousStatus string `json:"previous_status,omitempty"`
	Type           string `json:"type"`
	WorkspaceID    string `json:"workspace_id"`
}

// Notification is AzureTRE's airlockNotification: what its Logic App mails.
type Notification struct {
	EventType  string              `json:"event_type"` // always status_changed
	Recipients map[string][]string `json:"recipient_emails_by_role"`
	Request    NotifiedRequest     `json:"request"`
	Workspace  NotifiedWorkspace   `json:"workspace"`
}

// NotifiedRequest is the request within a Notification.
type NotifiedRequest struct {
	ID            string         `json:"id"`
	CreatedWhen   float64        `json:"created_when"` // Unix seconds
	CreatedBy     NotifiedUser   `json:"created_by"`
	UpdatedWhen   float64        `json:"updated_when"` // Unix seconds
	UpdatedBy     NotifiedUser   `json:"updated_by"`
	RequestType   string         `json:"request_type"`
	Files         []NotifiedFile `json:"files"` // empty unless policy says otherwise: names can be sensitive
	Status        string         `json:"status"`
	Justification string         `json:"business_justification"`
}

// NotifiedUser is a person within a Notification.
type NotifiedUser struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

// NotifiedFile is a file within a Notification.
type NotifiedFile struct {
	Name string `json:"name"`
	Size int64  `json:"size"` // bytes
}

// NotifiedWorkspace is the workspace within a Notification.
type NotifiedWorkspace struct {
	ID          string `json:"id"`
	DisplayName string `json:"display_name"`
	Description string `json:"description"`
}
