package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/client"
)

func serve(t *testing.T, h http.HandlerFunc) *client.Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return &client.Client{Base: server.URL + "/api/", HTTP: server.Client(),
		Token: func(context.Context) (string, error) { return "secret", nil }}
}

func TestRefusalsKeepTheirWords(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, body string
		status     int
		want       string
	}{
		{"text", "no files\n", 400, "no files (400 Bad Request)"},
		{"fields", `{"detail":"title: too long"}`, 422, "title: too long (422 Unprocessable Entity)"},
		{"nothing", "", 503, "no reason given (503 Service Unavailable)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "Bearer secret" || r.URL.Path != "/api/x" {
					t.Errorf("%s with %q", r.URL.Path, r.Header.Get("Authorization"))
				}
				w.WriteHeader(tc.status)
				_, _ = w.Write([]byte(tc.body))
			})
			err := c.Do(t.Context(), http.MethodGet, "/x", nil, nil)
			refusal, ok := client.Refused(err)
			if !ok || refusal.Status != tc.status || err.Error() != tc.want {
				t.Errorf("%v, want %s", err, tc.want)
			}
		})
	}
}

func TestTrailsAreReadToTheEnd(t *testing.T) {
	t.Parallel()
	var head audit.Head
	var all []audit.Line
	for range 5 {
		var line audit.Line
		line, head = head.Append(audit.Line{Action: "x", At: time.Unix(1, 0)})
		all = append(all, line)
	}
	for name, broken := range map[string]int{"unbroken": -1, "one page says broken": 1} {
		c := serve(t, func(w http.ResponseWriter, r *http.Request) {
			at, _ := strconv.Atoi(r.URL.Query().Get("cursor"))
			page := api.Trail{Lines: all[at : at+1], Head: head, Verified: at != broken}
			if at+1 < len(all) {
				page.Next = strconv.Itoa(at + 1)
			}
			_ = json.NewEncoder(w).Encode(page)
		})
		trail, err := c.Audit(t.Context(), "w", "r")
		if err != nil || trail.Verified != (broken < 0) || trail.Head != head {
			t.Errorf("%s: verified %v, head %v, %v", name, trail.Verified, trail.Head, err)
		}
		if diff := cmp.Diff(all, trail.Lines, cmp.Transformer("at", func(at time.Time) int64 { return at.UnixNano() })); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestAListThatDoesNotEndIsAnError(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"nextCursor":"a"}`)) })
	if _, err := c.Files(t.Context(), "w", "r"); err == nil {
		t.Error("list without end is read")
	}
	c.Token = func(context.Context) (string, error) { return "", errors.New("none") }
	if _, err := c.Files(t.Context(), "w", "r"); err == nil {
		t.Error("called without a token")
	}
}
