package stack

import (
	"context"
	"errors"
	"fmt"
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

// storageCreated is what accounts tell that the front wants to hear.
const storageCreated = "Microsoft.Storage.BlobCreated"

// startEvents starts Event Grid with the topics that are there from the start.
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
	s.Grid.AddTopic(armTopic, "/subscriptions/"+Subscription)
	s.topicEndpoint, s.topicKey = s.Grid.AddTopic(ownTopic, ownTopicID)
	return s.trust()
}

// subscribe connects the topics with the front's functions, as a deployment
// does; the hosts may still be starting.
func (s *Stack) subscribe(ctx context.Context) error {
	add := func(topic, function string, filter eventgrid.Filter) error {
		sub := eventgrid.Subscription{Name: topic + "-" + function, Topic: topic, DeadLetter: s.deadLetters, Filter: filter, Endpoint: s.Webhook(function)}
		return retry(ctx, 30*time.Second, func() error { return s.Grid.Subscribe(ctx, sub) })
	}
	of := func(types ...string) eventgrid.Filter { return eventgrid.Filter{IncludedEventTypes: types} }
	ours := eventgrid.Filter{Advanced: []eventgrid.AdvancedFilter{{Operator: "StringContains", Key: "subject", Values: []any{"/deploymentStacks/tre-"}}}}
	failed := []error{
		add(scanTopic, "blobscanned", of("Microsoft.Security.MalwareScanningResult")),
		add(ownTopic, "airlockchanged", of(message.TypeStatusChanged)),
		add(ownTopic, "workspacerequested", of(message.TypeWorkspaceRequested)),
		add(armTopic, "armchanged", ours),
	}
	for _, account := range s.accounts()[2:] { // not host and state
		failed = append(failed, add(account, "blobcreated", of(storageCreated)))
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

// openDeadLetters makes the container in which the product looks for dead
// letters.
func (s *Stack) openDeadLetters(ctx context.Context) error {
	client, err := azblob.NewClientFromConnectionString(s.Direct.ConnectionString(s.Account(StateAccount)), nil)
	if err != nil {
		return err
	}
	s.letters = client
	if _, err = client.CreateContainer(ctx, deadLetters, nil); err != nil && !bloberror.HasCode(err, bloberror.ContainerAlreadyExists) {
		return err
	}
	return nil
}

// deadLetters puts a dead letter there.
func (s *Stack) deadLetters(ctx context.Context, path string, body []byte) error {
	_, err := s.letters.UploadBuffer(ctx, deadLetters, path, body, nil)
	return err
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
