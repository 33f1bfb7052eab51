package azmetrics_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/trefoil-tre/trefoil/internal/azarm"
	"github.com/trefoil-tre/trefoil/internal/azmetrics"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

const vm = workspace.Machine("/subscriptions/a3c1f0de-0000-4000-8000-000000000001/resourceGroups/rg-ws/providers/Microsoft.Compute/virtualMachines/VM-1")

var until = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// identity has a token for everybody.
type identity struct{}

func (identity) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "t", ExpiresOn: time.Now().Add(time.Hour)}, nil
}

func open(t *testing.T, answer http.HandlerFunc) *azmetrics.Metrics {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	m, err := azmetrics.New(azmetrics.Config{Config: azarm.Config{Endpoint: server.URL, Plain: true, Credential: identity{}, Pause: time.Microsecond}})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// points is an answer of Monitor.
// https://learn.microsoft.com/rest/api/monitor/metrics/list
func points(data string) string {
	return `{"cost":59,"interval":"PT1M","value":[{"name":{"value":"Percentage CPU"},"unit":"Percent","timeseries":[{"metadatavalues":[],"data":[` + data + `]}]}]}`
}

func TestBusy(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, body string
		percent    float64
		known      bool
	}{
		{name: "the highest counts", body: points(`{"timeStamp":"2026-11-22T08:58:00Z","maximum":3.5},{"timeStamp":"2026-11-22T08:59:00Z","maximum":41.25},{"timeStamp":"2026-11-22T08:59:30Z","maximum":2}`), percent: 41.25, known: true},
		{name: "minutes that were not measured do not", body: points(`{"timeStamp":"2026-11-22T08:58:00Z"},{"timeStamp":"2026-11-22T08:59:00Z","maximum":0}`), known: true},
		{name: "a machine that did not run", body: points(`{"timeStamp":"2026-11-22T08:58:00Z"}`)},
		{name: "no series", body: `{"value":[{"timeseries":[]}]}`},
		{name: "nothing", body: `{}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := open(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, tt.body) })
			percent, known, err := m.Busy(t.Context(), vm, until.Add(-time.Minute), until)
			if percent != tt.percent || known != tt.known || err != nil {
				t.Errorf("%v, known %v, error %v", percent, known, err)
			}
		})
	}
}

// TestQuestion: what Monitor is asked.
func TestQuestion(t *testing.T) {
	t.Parallel()
	for hours, interval := range map[int]string{1: "PT1M", 6: "PT5M"} {
		var asked *http.Request
		m := open(t, func(w http.ResponseWriter, r *http.Request) { asked = r; fmt.Fprint(w, `{}`) })
		if _, _, err := m.Busy(t.Context(), vm, until.Add(-time.Duration(hours)*time.Hour), until); err != nil {
			t.Fatal(err)
		}
		want := url.Values{"api-version": {"2018-01-01"}, "metricnames": {"Percentage CPU"}, "aggregation": {"Maximum"}, "interval": {interval},
			"timespan": {fmt.Sprintf("2026-11-22T%02d:00:00Z/2026-11-22T09:00:00Z", 9-hours)}}
		if asked.URL.Path != string(vm)+"/providers/Microsoft.Insights/metrics" || asked.URL.Query().Encode() != want.Encode() || asked.Header.Get("Authorization") != "Bearer t" {
			t.Errorf("asked %s", asked.URL)
		}
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		status int
		tries  int32
		class  workspace.Class
	}{
		{name: "throttled", status: 429, tries: 1, class: workspace.Throttled},
		{name: "no such machine", status: 404, tries: 1, class: workspace.Final},
		{name: "not allowed", status: 403, tries: 1, class: workspace.Final},
		{name: "out of order", status: 503, tries: 4, class: workspace.Passing},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var tries atomic.Int32
			m := open(t, func(w http.ResponseWriter, _ *http.Request) {
				tries.Add(1)
				w.WriteHeader(tt.status)
				fmt.Fprint(w, `{"error":{"code":"X","message":"in words"}}`)
			})
			_, known, err := m.Busy(t.Context(), vm, until.Add(-time.Minute), until)
			if told, ok := errors.AsType[*workspace.CloudError](err); !ok || told.Class != tt.class || told.Message != "in words" || known || tries.Load() != tt.tries {
				t.Errorf("error %v, known %v, %d tries", err, known, tries.Load())
			}
		})
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	m := open(t, func(http.ResponseWriter, *http.Request) { t.Error("asked") })
	for _, id := range []workspace.Machine{"", "x", vm + "?x=y", vm + "/extensions/e", "/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/x"} {
		_, _, err := m.Busy(t.Context(), id, until.Add(-time.Minute), until)
		if told, ok := errors.AsType[*workspace.CloudError](err); !ok || told.Class != workspace.Final {
			t.Errorf("%q: error %v", id, err)
		}
	}
	if _, _, err := m.Busy(t.Context(), vm, until, until); err == nil {
		t.Error("no time at all: accepted")
	}
}

// TestRedirect: our token goes nowhere else.
func TestRedirect(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("followed") }))
	defer elsewhere.Close()
	m := open(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, http.StatusFound) })
	if _, _, err := m.Busy(t.Context(), vm, until.Add(-time.Minute), until); err == nil {
		t.Error("no error")
	}
}

// TestRoots: a server is trusted by its authority, and not without.
func TestRoots(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, points(`{"maximum":7}`)) }))
	defer server.Close()
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // the handshake that fails
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	for _, pool := range []*x509.CertPool{roots, x509.NewCertPool()} {
		m, err := azmetrics.New(azmetrics.Config{Config: azarm.Config{Endpoint: server.URL, Credential: identity{}, Roots: pool, Pause: time.Microsecond}})
		if err != nil {
			t.Fatal(err)
		}
		percent, known, err := m.Busy(t.Context(), vm, until.Add(-time.Minute), until)
		if fine := pool == roots; (err == nil) != fine || known != fine || fine && percent != 7 {
			t.Errorf("%v, known %v, error %v, want fine %v", percent, known, err, fine)
		}
	}
}
