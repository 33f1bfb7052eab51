package stack

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"

	"github.com/trefoil-tre/trefoil/internal/local/eventgrid"
)

// TopicInfo is our own topic, to which other systems publish.
type TopicInfo struct {
	Endpoint string `json:"endpoint"`
	Key      string `json:"key"`    // header aeg-sas-key
	CAFile   string `json:"caFile"` // PEM of the authority that its certificate is of
}

// Publish sends events as another system does: over HTTPS, with the topic's key.
// https://learn.microsoft.com/azure/event-grid/post-to-custom-topic
func (t TopicInfo) Publish(ctx context.Context, events ...eventgrid.Event) error {
	trusted, err := os.ReadFile(t.CAFile)
	if err != nil {
		return fmt.Errorf("topic: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(trusted) {
		return errors.New("topic: its authority is no certificate")
	}
	body, err := json.Marshal(events)
	if err != nil {
		return fmt.Errorf("topic: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.Endpoint+"?api-version=2018-01-01", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("topic: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Aeg-Sas-Key", t.Key)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return fmt.Errorf("topic: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("topic answers %d", resp.StatusCode)
	}
	return nil
}
