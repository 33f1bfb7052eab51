package funchost_test

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// readRequest reads one request as it came: header names and their order too.
func readRequest(in *bufio.Reader) (request, error) {
	line, err := in.ReadString('\n')
	if err != nil {
		return request{}, err
	}
	parts := strings.Fields(line)
	if len(parts) != 3 {
		return request{}, fmt.Errorf("request line %q", line)
	}
	req := request{Method: parts[0], Path: parts[1], Framing: "none", BodyEncoding: "utf-8", Time: time.Now()}
	length := 0
	for {
		if line, err = in.ReadString('\n'); err != nil {
			return req, err
		}
		if line = strings.TrimRight(line, "\r\n"); line == "" {
			break
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		req.Headers = append(req.Headers, [2]string{name, value})
		switch strings.ToLower(name) {
		case "content-length":
			req.Framing = "content-length"
			if length, err = strconv.Atoi(value); err != nil {
				return req, err
			}
		case "transfer-encoding":
			req.Framing = value
		}
	}
	return req, req.readBody(in, length)
}

func (r *request) readBody(in *bufio.Reader, length int) error {
	body := make([]byte, length)
	if _, err := io.ReadFull(in, body); err != nil {
		return err
	}
	for r.Framing == "chunked" {
		line, err := in.ReadString('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(strings.TrimSpace(line), 16, 32)
		if err != nil {
			return err
		}
		chunk := make([]byte, size+2) // and its line end
		if _, err := io.ReadFull(in, chunk); err != nil {
			return err
		}
		if body = append(body, chunk[:size]...); size == 0 {
			break
		}
	}
	r.Body = string(body)
	if !utf8.Valid(body) {
		r.Body, r.BodyEncoding = base64.StdEncoding.EncodeToString(body), "base64"
	}
	return nil
}
