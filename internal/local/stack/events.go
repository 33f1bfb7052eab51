package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"

	"github.com/trefoil-tre/trefoil/internal/local/eventgrid"
	"github.com/trefoil-tre/trefoil/internal/message"
)

// Topics by their short names, and the resource ids their events carry.
const (
	scanTopic   = "scan"
	ownTopic    = "airlock-changed"
	deadLetters = "deadletters"

	resources   = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/local/providers"
	scanTopicID = resources + "/Microsoft.EventGrid/topics/scan"
	ownTopicID  = resources + "/Microsoft.EventGrid/topics/airlock-changed"
	accountIDs  = resources + "/Microsoft.Storage/storageAccounts/"
)

func storageTopicID(account string) string { return accountIDs + account }

func (s *Stack) caFile() string { return filepath.Join(s.dir, "ca.pem") }

// startEvents starts Event Grid, and writes the authorities that the handlers
// have to trust into one file: Event Grid's and the mail server's.
func (s *Stack) startEvents(context.Context) error {
	var err error
	s.Grid, err = eventgrid.Start(eventgrid.Config{Times: s.cfg.Pace.Grid, Unkind: s.cfg.Grid, Now: s.cfg.Now, Log: s.cfg.Log})
	if err != nil {
		return err
	}
	s.onClose(s.Grid.Close)
	for _, account := range s.accounts() {
		s.Grid.AddTopic(account, storageTopicID(account))
	}
	s.Grid.AddTopic(scanTopic, scanTopicID)
	s.topicEndpoint, s.topicKey = s.Grid.AddTopic(ownTopic, ownTopicID)
	trusted := bytes.Join([][]byte{s.Grid.CA(), s.Inbox.CA()}, []byte("\n"))
	return os.WriteFile(s.caFile(), trusted, 0o600)
}

// subscribe connects the topics with the front's functions, as a deployment
// does; the hosts may still be starting.
func (s *Stack) subscribe(ctx context.Context) error {
	sink, err := s.deadLetterSink(ctx)
	if err != nil {
		return err
	}
	add := func(topic, function, eventType string) error {
		sub := eventgrid.Subscription{Name: topic + "-" + function, Topic: topic, DeadLetter: sink,
			Filter:   eventgrid.Filter{IncludedEventTypes: []string{eventType}},
			Endpoint: s.Webhook(function)}
		return retry(ctx, 30*time.Second, func() error { return s.Grid.Subscribe(ctx, sub) })
	}
	failed := []error{
		add(scanTopic, "blobscanned", "Microsoft.Security.MalwareScanningResult"),
		add(ownTopic, "airlockchanged", message.TypeStatusChanged),
	}
	for _, account := range s.accounts()[2:] { // not host and state
		failed = append(failed, add(account, "blobcreated", "Microsoft.Storage.BlobCreated"))
	}
	return errors.Join(failed...)
}

// ScanTopic is the resource id of the topic that scan results come from.
func (s *Stack) ScanTopic() string { return scanTopicID }

// StorageTopic is the resource id of an account, the topic of its events.
func (s *Stack) StorageTopic(account string) string { return storageTopicID(account) }

// Webhook is where a function of the front takes events. The address holds the
// key that Event Grid has: never log it.
func (s *Stack) Webhook(function string) string {
	return fmt.Sprintf("%s/runtime/webhooks/eventgrid?functionName=%s&code=%s", s.FrontURL(), function, s.eventKey)
}

// deadLetterSink puts dead letters where the product looks for them.
func (s *Stack) deadLetterSink(ctx context.Context) (eventgrid.DeadLetterSink, error) {
	client, err := azblob.NewClientFromConnectionString(s.Direct.ConnectionString(s.Account(StateAccount)), nil)
	if err != nil {
		return nil, err
	}
	if _, err = client.CreateContainer(ctx, deadLetters, nil); err != nil && !bloberror.HasCode(err, bloberror.ContainerAlreadyExists) {
		return nil, err
	}
	return func(ctx context.Context, path string, body []byte) error {
		_, err := client.UploadBuffer(ctx, deadLetters, path, body, nil)
		return err
	}, nil
}

// retry calls do until it succeeds or the time is over.
func retry(ctx context.Context, limit time.Duration, do func() error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		err := do()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}
