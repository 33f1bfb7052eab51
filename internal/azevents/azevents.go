// Package azevents publishes our facts to a custom Event Grid topic, for everybody who cares. Nothing of ours waits for them.
package azevents

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/messaging/eventgrid/azeventgrid"

	"github.com/trefoil-tre/trefoil/internal/aztrace"
)

// maxBatch is the most bytes of events in one request, which is also the most one event may have:
// https://learn.microsoft.com/azure/event-grid/quotas-limits
const maxBatch = 1 << 20

// overhead is the most bytes that the client adds to an event beside its texts and data: names, time, quotes, commas.
const overhead = 256

// ErrTooLarge says that an event could never be published: it has more than 1 MiB.
var ErrTooLarge = errors.New("event is larger than Event Grid takes")

// Event is a fact in Event Grid's own schema. All fields but Data must be set.
type Event struct {
	ID          string    // unique per fact: a fact published twice has one id
	Subject     string    // path of what it is about
	Type        string    // past tense, such as statusChanged
	DataVersion string    // version of Data's schema
	Time        time.Time // when it happened
	Data        any       // what JSON makes of it is published
}

// Config says where the topic is and who publishes.
type Config struct {
	Endpoint   string                 // the topic's, https and ending in /api/events
	Key        string                 // access key of the topic; empty means an identity publishes
	Credential azcore.TokenCredential // that identity; nil means azidentity's default, which asks nobody before the first event
	Roots      *x509.CertPool         // authorities that the topic's certificate may come from; nil means the system's
}

// Topic publishes to one topic. It is safe for concurrent use.
type Topic struct {
	client *azeventgrid.Client
}

// New returns the topic that c names. It does not use the network.
func New(c Config) (*Topic, error) {
	if c.Endpoint == "" {
		return nil, errors.New("topic: no endpoint")
	}
	options := &azeventgrid.ClientOptions{ClientOptions: aztrace.Options("eventgrid")}
	if c.Roots != nil {
		options.Transport = trusting(c.Roots)
	}
	client, err := connect(c, options)
	if err != nil {
		return nil, fmt.Errorf("topic: %w", err)
	}
	return &Topic{client: client}, nil
}

func connect(c Config, options *azeventgrid.ClientOptions) (*azeventgrid.Client, error) {
	if c.Key != "" {
		return azeventgrid.NewClientWithSharedKeyCredential(c.Endpoint, azcore.NewKeyCredential(c.Key), options)
	}
	if c.Credential == nil {
		identity, err := azidentity.NewDefaultAzureCredential(nil)
		if err != nil {
			return nil, err
		}
		c.Credential = identity
	}
	return azeventgrid.NewClient(c.Endpoint, c.Credential, options)
}

// trusting is what carries requests to servers with certificates of these authorities only.
func trusting(roots *x509.CertPool) policy.Transporter {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	return &http.Client{Transport: transport}
}

// Publish publishes events, in as few requests as their sizes allow and in their order. An error means that some may not
// have been published: publishing all of them again under their ids is right. An event that lacks a field or is too large
// (ErrTooLarge) fails before anything is published.
func (t *Topic) Publish(ctx context.Context, events []Event) error {
	batches, err := split(events)
	if err != nil {
		return fmt.Errorf("topic: %w", err)
	}
	for _, batch := range batches {
		if _, err := t.client.PublishEvents(ctx, batch, nil); err != nil {
			return fmt.Errorf("topic: %w", err)
		}
	}
	return nil
}

// split turns events into requests of at most maxBatch bytes.
func split(events []Event) ([][]azeventgrid.Event, error) {
	var batches [][]azeventgrid.Event
	room := 0
	for _, e := range events {
		wire, size, err := e.wire()
		if err != nil {
			return nil, fmt.Errorf("event %q: %w", e.ID, err)
		}
		if size > room {
			batches = append(batches, nil)
			room = maxBatch
		}
		last := len(batches) - 1
		batches[last] = append(batches[last], wire)
		room -= size
	}
	return batches, nil
}

// wire returns e as the client wants it, and how many bytes it will have at most.
func (e Event) wire() (azeventgrid.Event, int, error) {
	if e.ID == "" || e.Subject == "" || e.Type == "" || e.DataVersion == "" || e.Time.IsZero() {
		return azeventgrid.Event{}, 0, errors.New("id, subject, type, data version and time must be set")
	}
	data, err := json.Marshal(e.Data)
	if err != nil {
		return azeventgrid.Event{}, 0, err
	}
	names, err := json.Marshal([]string{e.ID, e.Subject, e.Type, e.DataVersion})
	if err != nil {
		return azeventgrid.Event{}, 0, err
	}
	size := len(data) + len(names) + overhead
	if size > maxBatch {
		return azeventgrid.Event{}, 0, fmt.Errorf("%d bytes: %w", size, ErrTooLarge)
	}
	return azeventgrid.Event{
		ID:          &e.ID,
		Subject:     &e.Subject,
		EventType:   &e.Type,
		DataVersion: &e.DataVersion,
		EventTime:   to.Ptr(e.Time.UTC()),
		Data:        json.RawMessage(data),
	}, size, nil
}
