package commands

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/client"
)

// table writes the lines as the API's CSV.
func (s *search) table(ctx context.Context, c *cli.Context, caller *client.Client, path string, q url.Values) error {
	q.Set("format", "csv")
	if 0 < s.limit && s.limit <= maxPage { // the API gives a page, or all
		q.Set("limit", strconv.Itoa(s.limit))
	}
	answer, err := caller.Send(ctx, client.Call{Method: http.MethodGet, Path: path + "?" + q.Encode()})
	if err != nil {
		return err
	}
	body, err := records(answer.Body, s.limit)
	if err == nil {
		_, err = c.Out.Write(body)
	}
	return err
}

// records are the heading of a CSV and the first of its records; 0 means all.
func records(body []byte, most int) ([]byte, error) {
	if most == 0 {
		return body, nil
	}
	r := csv.NewReader(bytes.NewReader(body))
	for range most + 1 {
		if _, err := r.Read(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("audit: %w", err)
		}
	}
	return body[:r.InputOffset()], nil
}
