// Package azmetrics asks Azure Monitor how busy machines are, by REST: one
// question does not need an SDK.
// https://learn.microsoft.com/rest/api/monitor/metrics/list
package azmetrics

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/trefoil-tre/trefoil/internal/azarm"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Config says how Resource Manager, which answers for Monitor, is reached.
type Config struct{ azarm.Config }

// Metrics reads metrics. It is safe for concurrent use.
type Metrics struct {
	link   azarm.Link
	client *arm.Client
}

// New returns the Metrics of c. It does not use the network.
func New(c Config) (*Metrics, error) {
	link, err := c.Open()
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	client, err := link.Client()
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	return &Metrics{link, client}, nil
}

// version is that of the API of metrics.
const version = "2018-01-01"

// fine is how long one measures minute by minute; over longer times five
// minutes are one.
const fine = time.Hour

// list is what Monitor answers. A point without a maximum was not measured.
type list struct {
	Value []struct {
		Series []struct {
			Data []struct {
				Maximum *float64 `json:"maximum"`
			} `json:"data"`
		} `json:"timeseries"`
	} `json:"value"`
}

// Busy returns the highest load of a machine's processors between two times, in
// percent of all of them. Nothing is known of a time in which the machine did
// not run, or that Monitor has not gathered yet.
func (m *Metrics) Busy(ctx context.Context, machine workspace.Machine, since, until time.Time) (percent float64, known bool, err error) {
	id, err := arm.ParseResourceID(string(machine))
	if err != nil || !strings.EqualFold(id.ResourceType.String(), "Microsoft.Compute/virtualMachines") || strings.ContainsAny(string(machine), "?#%") {
		return 0, false, azarm.Refuse("machine %.200q: no id of a virtual machine", machine)
	}
	if !until.After(since) {
		return 0, false, azarm.Refuse("machine %s: until is not after since", id.Name)
	}
	var found list
	if err := m.ask(ctx, address(m.client.Endpoint(), id.String(), since, until), &found); err != nil {
		return 0, false, azarm.Error(ctx, err)
	}
	for _, metric := range found.Value {
		for _, series := range metric.Series {
			for _, point := range series.Data {
				if point.Maximum != nil {
					percent, known = max(percent, *point.Maximum), true
				}
			}
		}
	}
	return percent, known, nil
}

func address(endpoint, machine string, since, until time.Time) string {
	interval := "PT1M"
	if until.Sub(since) > fine {
		interval = "PT5M"
	}
	query := url.Values{"api-version": {version}, "metricnames": {"Percentage CPU"}, "aggregation": {"Maximum"}, "interval": {interval},
		"timespan": {since.UTC().Format(time.RFC3339) + "/" + until.UTC().Format(time.RFC3339)}}
	return runtime.JoinPaths(endpoint, machine, "/providers/Microsoft.Insights/metrics") + "?" + strings.ReplaceAll(query.Encode(), "+", "%20")
}

func (m *Metrics) ask(ctx context.Context, address string, into *list) error {
	ctx, cancel := m.link.Call(ctx)
	defer cancel()
	req, err := runtime.NewRequest(ctx, http.MethodGet, address)
	if err != nil {
		return err
	}
	resp, err := m.client.Pipeline().Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return runtime.NewResponseError(resp)
	}
	return runtime.UnmarshalAsJSON(resp, into)
}
