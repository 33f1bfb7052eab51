package funchost_test

import (
	"bytes"
	"encoding/json"
	"net"
	"os"
)

// peak is the largest number of requests that were open at once.
func (f *fixture) peak() int {
	f.t.Helper()
	raw, err := os.ReadFile(f.script.Record)
	if err != nil {
		f.t.Fatal(err)
	}
	open, peak := 0, 0
	for line := range bytes.Lines(raw) {
		var s seen
		if err := json.Unmarshal(line, &s); err != nil {
			f.t.Fatal(err)
		}
		switch {
		case s.Request != nil && s.Request.Path != "/":
			open++
		case s.Done != "":
			open--
		}
		peak = max(peak, open)
	}
	return peak
}

// eventuallyGone waits until nothing listens on the handler's port.
func (f *fixture) eventuallyGone() {
	f.t.Helper()
	port := f.starts()[0].Env["FUNCTIONS_CUSTOMHANDLER_PORT"]
	f.eventually("handler gone", func() bool {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err != nil {
			return true
		}
		_ = conn.Close()
		return false
	})
}
