package inbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/smtp"
	"net/textproto"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/local/inbox"
)

func start(t *testing.T, c inbox.Config) *inbox.Server {
	t.Helper()
	c.Now = time.Now
	s, err := inbox.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

const hostile = `<script>alert(1)</script>`

func message(id, subject string) string {
	return strings.ReplaceAll(fmt.Sprintf(`From: Trefoil <tre@example.org>
To: someone@example.org
Subject: %s
Message-ID: <%s>
Date: Sun, 22 Nov 2026 09:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain; charset=utf-8

Open http://127.0.0.1:7071/portal/1 please
--b
Content-Type: text/html; charset=utf-8

<html><head><title>x</title></head><body>%s<a href="http://127.0.0.1:7071/portal/1?a=b&amp;c=d">Open</a></body></html>
--b--
`, subject, id, hostile), "\n", "\r\n")
}

func send(s *inbox.Server, to []string, text string) error {
	return smtp.SendMail("127.0.0.1:"+strconv.Itoa(s.Port()), nil, "tre@example.org", to, []byte(text))
}

func get(t *testing.T, address string) (string, *http.Response) {
	t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body), resp
}

func TestReceived(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := start(t, inbox.Config{Folder: folder})
	for _, m := range []struct{ id, subject, to string }{
		{"1@x", "first", "ann@example.org"}, {"2@x", "=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "ann@example.org"}, {"1@x", "first", "ann@example.org"}, {"1@x", "first", "bob@example.org"},
	} {
		if err := send(s, []string{m.to}, message(m.id, m.subject)); err != nil {
			t.Fatal(err)
		}
	}
	body, _ := get(t, s.URL()+"/mail")
	var got []inbox.Mail
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	var seen []string
	for _, m := range got {
		seen = append(seen, fmt.Sprintf("%d %s %s %d", m.N, m.To, m.Subject, m.Count))
	}
	want := []string{"3 bob@example.org first 1", "2 ann@example.org Grüße 1", "1 ann@example.org first 2"}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Error(diff)
	}
	one := got[2]
	if one.From != "Trefoil <tre@example.org>" || one.MessageID != "1@x" || !one.Date.Equal(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)) {
		t.Errorf("mail %+v", one)
	}
	if diff := cmp.Diff([]string{"http://127.0.0.1:7071/portal/1?a=b&c=d", "http://127.0.0.1:7071/portal/1"}, one.Links); diff != "" {
		t.Error(diff)
	}
	kept, err := os.ReadFile(filepath.Join(folder, "1.eml"))
	if err != nil || !strings.Contains(string(kept), "Message-ID: <1@x>") {
		t.Errorf("kept %q, %v", kept, err)
	}
	body, _ = get(t, s.URL()+"/mail/1")
	if !strings.Contains(body, `"messageId":"1@x"`) {
		t.Errorf("one mail: %s", body)
	}
	if _, resp := get(t, s.URL()+"/mail/9"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("no such mail: status %d", resp.StatusCode)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	s := start(t, inbox.Config{})
	if body, _ := get(t, s.URL()); !strings.Contains(body, "No mail yet") {
		t.Errorf("empty list: %s", body)
	}
	if err := send(s, []string{"ann@example.org"}, message("1@x", hostile)); err != nil {
		t.Fatal(err)
	}
	for path, policy := range map[string]string{"/": "default-src 'none'", "/read/1": "frame-src 'self'", "/read/1/html": "sandbox allow-popups", "/read/1/raw": "default-src 'none'"} {
		body, resp := get(t, s.URL()+path)
		if resp.StatusCode != http.StatusOK || !strings.Contains(resp.Header.Get("Content-Security-Policy"), policy) || strings.Contains(resp.Header.Get("Content-Security-Policy"), "script") {
			t.Errorf("%s: status %d, policy %q", path, resp.StatusCode, resp.Header.Get("Content-Security-Policy"))
		}
		page := path == "/" || path == "/read/1"
		if page && strings.Contains(body, "<script") {
			t.Errorf("%s: unescaped", path)
		}
		if path == "/read/1" && !strings.Contains(body, `sandbox="allow-popups allow-popups-to-escape-sandbox"`) {
			t.Errorf("mail not in a sandbox: %s", body)
		}
		if path == "/read/1/html" && !strings.Contains(body, `<head><base target="_blank">`) {
			t.Errorf("links stay inside: %s", body)
		}
	}
}

func TestFail(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		fault inbox.Fault
		code  int // 0: the connection breaks
		kept  int // mails after the failed try
	}{
		{fault: inbox.Fault{At: inbox.AtSender, Code: 451}, code: 451},
		{fault: inbox.Fault{At: inbox.AtRecipient, Code: 550}, code: 550},
		{fault: inbox.Fault{At: inbox.AtData, Code: 452}, code: 452},
		{fault: inbox.Fault{At: inbox.AfterData}, kept: 1},
	} {
		t.Run(string(tt.fault.At), func(t *testing.T) {
			t.Parallel()
			s := start(t, inbox.Config{})
			tt.fault.Times = 2
			s.Fail(tt.fault)
			for range 2 {
				err := send(s, []string{"ann@example.org"}, message("1@x", "s"))
				said, ok := errors.AsType[*textproto.Error](err)
				if err == nil || ok != (tt.code != 0) || ok && said.Code != tt.code {
					t.Fatalf("error %v", err)
				}
			}
			if got := len(s.Mails()); got != tt.kept {
				t.Errorf("%d mails kept", got)
			}
			if err := send(s, []string{"ann@example.org"}, message("1@x", "s")); err != nil {
				t.Fatalf("third try: %v", err)
			}
			if got := s.Mails(); len(got) != 1 || got[0].Count != 1+2*tt.kept {
				t.Errorf("mails %+v", got)
			}
		})
	}
}

func TestWait(t *testing.T) {
	t.Parallel()
	s := start(t, inbox.Config{})
	got := make(chan error, 1)
	go func() {
		m, err := s.Wait(t.Context(), func(m inbox.Mail) bool { return m.Subject == "second" })
		if err == nil && m.MessageID != "2@x" {
			err = fmt.Errorf("got %q", m.MessageID)
		}
		got <- err
	}()
	for i, subject := range []string{"first", "second"} {
		if err := send(s, []string{"ann@example.org"}, message(strconv.Itoa(i+1)+"@x", subject)); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-got; err != nil {
		t.Error(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Wait(gone, func(inbox.Mail) bool { return false }); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestForeignHost(t *testing.T) {
	t.Parallel()
	s := start(t, inbox.Config{})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+"/mail", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "rebound.example"
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("status %d", resp.StatusCode)
	}
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]inbox.Config{
		"no clock":             {},
		"sign-in in the clear": {Now: time.Now, Username: "u", Password: "p"},
		"bad address":          {Now: time.Now, HTTP: "127.0.0.1:none"},
	} {
		if _, err := inbox.Start(t.Context(), c); err == nil {
			t.Errorf("%s: started", name)
		}
	}
}
