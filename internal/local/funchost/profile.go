package funchost

// Profile picks versions where they differ. The zero value of every field is
// the current version.
type Profile struct {
	Queue     QueueExtension
	EventGrid EventGridExtension
	ExitZero  ExitZero
	// Version is what the host calls itself in its headers; "" is the version
	// the recordings were made with.
	Version string
}

// QueueExtension is a version line of Microsoft.Azure.WebJobs.Extensions.Storage.Queues.
type QueueExtension string

// The version lines of the queue extension. They differ in a message whose
// base64 cannot be read: 4.x fails its binding until the tries are used up,
// 5.x sends it to the poison queue at once. messageEncoding exists only in 5.x.
const (
	QueueCurrent QueueExtension = ""
	Queue4       QueueExtension = "4.x"
	Queue5       QueueExtension = "5.x"
)

// EventGridExtension is a version of Microsoft.Azure.WebJobs.Extensions.EventGrid.
type EventGridExtension string

// The versions of the Event Grid extension. 3.3.0 rewrites dates inside
// events; 3.4.3 and later leave them alone.
const (
	EventGridCurrent EventGridExtension = ""
	EventGrid330     EventGridExtension = "3.3.0"
)

// ExitZero says what a handler that exits with code 0 leads to.
type ExitZero string

// Hosts before https://github.com/Azure/azure-functions-host/pull/11576
// (January 2026) never restart such a handler, and every later call fails.
const (
	ExitZeroCurrent ExitZero = ""
	ExitZeroLegacy  ExitZero = "legacy"
)

// recordedVersion is the host the recordings were made with.
const recordedVersion = "4.1037.0.0"

func (p Profile) withDefaults() Profile {
	if p.Version == "" {
		p.Version = recordedVersion
	}
	return p
}
