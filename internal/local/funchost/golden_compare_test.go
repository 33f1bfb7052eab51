package funchost_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// rawExchange is a recorded HTTP request of a client.
type rawExchange struct {
	Method  string      `json:"method"`
	Path    string      `json:"path"`
	Headers [][2]string `json:"headers"`
	Body    string      `json:"body"`
}

// rawAnswer is the host's answer, chunk sizes included.
type rawAnswer struct {
	StatusLine string      `json:"statusLine"`
	Headers    [][2]string `json:"headers"`
	RawBody    string      `json:"rawBody"`
}

func base64Of(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// send makes the request byte for byte. A recording shows a byte that is no
// UTF-8 as U+FFFD; it was 0xFF in all of them.
func (x rawExchange) send(t *testing.T, address string) rawAnswer {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%s %s HTTP/1.1\r\n", x.Method, x.Path)
	for _, h := range x.Headers {
		fmt.Fprintf(&out, "%s: %s\r\n", h[0], h[1])
	}
	out.WriteString("\r\n" + strings.ReplaceAll(x.Body, "\uFFFD", "\xff"))
	if _, err := io.WriteString(conn, out.String()); err != nil {
		t.Fatal(err)
	}
	return readAnswer(t, conn)
}

func readAnswer(t *testing.T, conn io.Reader) rawAnswer {
	t.Helper()
	in := bufio.NewReader(conn)
	line := func() string {
		s, err := in.ReadString('\n')
		if err != nil {
			t.Fatalf("answer of the host: %v", err)
		}
		return s
	}
	answer := rawAnswer{StatusLine: strings.TrimSpace(line())}
	length, chunked := 0, false
	for {
		text := strings.TrimSpace(line())
		if text == "" {
			break
		}
		name, value, _ := strings.Cut(text, ":")
		value = strings.TrimSpace(value)
		answer.Headers = append(answer.Headers, [2]string{name, value})
		switch strings.ToLower(name) {
		case "content-length":
			length, _ = strconv.Atoi(value)
		case "transfer-encoding":
			chunked = true
		}
	}
	if !chunked {
		raw, _ := io.ReadAll(io.LimitReader(in, int64(length))) // one recording lies about its length
		answer.RawBody = string(raw)
		return answer
	}
	for {
		head := line()
		size, err := strconv.ParseInt(strings.TrimSpace(head), 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		chunk := make([]byte, size+2)
		if _, err := io.ReadFull(in, chunk); err != nil {
			t.Fatal(err)
		}
		answer.RawBody += head + string(chunk)
		if size == 0 {
			return answer
		}
	}
}

// compare leaves out what no two answers share: the date, and whether the
// connection stays.
func (a rawAnswer) compare(t *testing.T, got rawAnswer) {
	t.Helper()
	if a.StatusLine != got.StatusLine {
		t.Errorf("status line %q, recorded %q", got.StatusLine, a.StatusLine)
	}
	if diff := cmp.Diff(headerSet(a.Headers), headerSet(got.Headers)); diff != "" {
		t.Errorf("answer's headers (-recorded +got):\n%s", diff)
	}
	if a.RawBody != got.RawBody {
		t.Errorf("answer's body %q, recorded %q", got.RawBody, a.RawBody)
	}
}

func headerSet(headers [][2]string) []string {
	var set []string
	for _, h := range headers {
		name := strings.ToLower(h[0])
		if name == "date" || name == "connection" {
			continue
		}
		set = append(set, name+": "+variable(h[1]))
	}
	slices.Sort(set)
	return set
}

// compareRequests compares what the handler received, without order: two
// events of one POST may come either way.
func (g golden) compareRequests(f *fixture) {
	f.t.Helper()
	var want, got []string
	for _, r := range g.Requests {
		want = append(want, r.request.normal(f.t))
	}
	for _, r := range f.requests() {
		got = append(got, r.normal(f.t))
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		f.t.Errorf("requests to the handler (-recorded +got):\n%s", diff)
	}
}

// normal is a request in a form that can be compared.
func (r request) normal(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s (%s)\n", r.Method, r.Path, r.Framing)
	for _, h := range headerSet(r.Headers) {
		b.WriteString(h + "\n")
	}
	body := r.Body
	var parsed object
	if json.Unmarshal([]byte(body), &parsed) == nil && parsed["Metadata"] != nil {
		normalMetadata(parsed)
		raw, err := json.MarshalIndent(parsed, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		body = string(raw)
	}
	b.WriteString(body)
	return b.String()
}

// quotedGUID, receipt and stamp are values that differ from run to run. A
// value that a message put in their place is compared.
var (
	guid    = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	loopdot = regexp.MustCompile(`127\.0\.0\.1:\d+`)
	receipt = regexp.MustCompile(`^"[A-Za-z0-9+/=]{20,}"$`)
	stamp   = regexp.MustCompile(`^20[2-9]\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00$`)
)

func variable(text string) string {
	return loopdot.ReplaceAllString(guid.ReplaceAllString(text, "<guid>"), "127.0.0.1:<port>")
}

func normalMetadata(body object) {
	meta, _ := body["Metadata"].(object)
	if sys, ok := meta["sys"].(object); ok {
		sys["UtcNow"], sys["RandGuid"] = "<now>", "<guid>"
	}
	if id, ok := meta["Id"].(string); ok {
		meta["Id"] = variable(id)
	}
	if text, ok := meta["PopReceipt"].(string); ok && receipt.MatchString(text) {
		meta["PopReceipt"] = "<receipt>"
	}
	for _, name := range []string{"ExpirationTime", "InsertionTime", "NextVisibleTime"} {
		if text, ok := meta[name].(string); ok && stamp.MatchString(text) {
			meta[name] = "<time>"
		}
	}
	lowerHeaders(meta)
	data, _ := body["Data"].(object)
	for _, value := range data {
		input, ok := value.(object)
		if !ok {
			continue
		}
		lowerHeaders(input)
		if status, ok := input["ScheduleStatus"].(object); ok {
			for name, text := range status {
				if s, ok := text.(string); ok && stamp.MatchString(s) {
					status[name] = "<time>"
				}
			}
		}
	}
}

// lowerHeaders folds header names: Go's server spells them its own way.
func lowerHeaders(in object) {
	headers, ok := in["Headers"].(object)
	if !ok {
		return
	}
	folded := object{}
	for name, value := range headers {
		folded[strings.ToLower(name)] = value
	}
	in["Headers"] = folded
}
