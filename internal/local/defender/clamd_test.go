package defender_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/local/defender"
)

// clamd speaks enough of clamd: INSTREAM with a limit on the stream's size.
func clamd(t *testing.T, limit int) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				fmt.Fprintf(conn, "%s\x00", instream(conn, limit))
				_, _ = io.Copy(io.Discard, conn) // so that closing does not reset the answer away
			}()
		}
	}()
	return listener.Addr().String()
}

func instream(conn net.Conn, limit int) string {
	r := bufio.NewReader(conn)
	if command, err := r.ReadString(0); err != nil || command != "zINSTREAM\x00" {
		return "UNKNOWN COMMAND"
	}
	var content strings.Builder
	for {
		var size uint32
		if err := binary.Read(r, binary.BigEndian, &size); err != nil {
			return "ERROR"
		}
		if size == 0 {
			break
		}
		if _, err := io.CopyN(&content, r, int64(size)); err != nil {
			return "ERROR"
		}
		if content.Len() > limit {
			return "INSTREAM size limit exceeded. ERROR"
		}
	}
	if strings.Contains(content.String(), "virus") {
		return "stream: Win.Test.Virus FOUND"
	}
	return "stream: OK"
}

func TestClamdDecides(t *testing.T) {
	t.Parallel()
	r := newRig(t, defender.Config{Clamd: clamd(t, 1<<20)})
	box := r.container(t, "draft-")
	for _, tc := range []struct{ name, content, kind, details string }{
		{"clean", "x", "No threats found", "<nil>"},
		{"empty", "", "No threats found", "<nil>"},
		{"bad", strings.Repeat("x", 200<<10) + "virus", "Malicious", "Win.Test.Virus"},
		{"beyond the limit", strings.Repeat("x", 2<<20), "Not Scanned", "SAM259201"},
	} {
		r.upload(t, box, tc.name, tc.content)
		got := data(t, r.result(t))
		if got["scanResultType"] != tc.kind || !strings.Contains(fmt.Sprint(got["scanResultDetails"]), tc.details) {
			t.Errorf("%s: %v", tc.name, got)
		}
	}
}

func TestAbsentClamdIsNoVerdict(t *testing.T) {
	t.Parallel()
	r := newRig(t, defender.Config{Clamd: "127.0.0.1:1"})
	r.upload(t, r.container(t, "draft-"), "x", "clean")
	if got := data(t, r.result(t))["scanResultType"]; got != "Not Scanned" {
		t.Errorf("scanResultType = %v", got)
	}
}
