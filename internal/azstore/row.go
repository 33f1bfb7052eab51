package azstore

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// colSchema holds the version of the row's form.
const colSchema = "schema"

// row is an entity: what its columns hold.
type row map[string]any

// schemaVersion is the version of the rows' form, kept in each of them. A row
// of a higher one was written by a newer release, and is not touched.
const schemaVersion = 1

// Limits of a row, in UTF-16 units.
// https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
const (
	maxColumn = 32_000  // a column holds 64 KiB
	maxData   = 480_000 // a row holds 1 MiB; this leaves room for names and keys
)

func newRow(workspace, key string) row {
	return row{"PartitionKey": part(workspace), "RowKey": key, colSchema: schemaVersion}
}

// part is the row to be merged, unread, into one that exists: it leaves the
// schema as it is, which may be a newer one.
func (r row) part() row {
	r = maps.Clone(r)
	delete(r, colSchema)
	return r
}

// withData adds v as JSON, cut into as many columns as it needs: data0, data1
// and so on. Only rows that are replaced as a whole may hold it. ErrInvalid: it
// is too large for a row.
func (r row) withData(v any) (row, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("row: %w: %w", err, airlock.ErrInvalid)
	}
	chunks, total := cut(string(text))
	if total > maxData {
		return nil, fmt.Errorf("row: %d characters, at most %d: %w", total, maxData, airlock.ErrInvalid)
	}
	for i, chunk := range chunks {
		r["data"+strconv.Itoa(i)] = chunk
	}
	return r, nil
}

// cut splits text between characters into pieces that fit a column, and counts
// its UTF-16 units.
func cut(text string) (pieces []string, total int) {
	start, units := 0, 0
	for i, c := range text {
		n := max(utf16.RuneLen(c), 1)
		if units+n > maxColumn {
			pieces, start, units = append(pieces, text[start:i]), i, 0
		}
		units, total = units+n, total+n
	}
	return append(pieces, text[start:]), total
}

// data is the JSON that withData cut.
func (r row) data() string {
	var b strings.Builder
	for i := 0; ; i++ {
		chunk, ok := r["data"+strconv.Itoa(i)].(string)
		if !ok {
			return b.String()
		}
		b.WriteString(chunk)
	}
}

// read parses the data into v.
func (r row) read(v any) error {
	if err := json.Unmarshal([]byte(r.data()), v); err != nil {
		return fmt.Errorf("row %s: %w", r.key(), err)
	}
	return nil
}

// parseRow reads an entity as the service gives it.
func parseRow(entity []byte) (row, error) {
	var r row
	if err := json.Unmarshal(entity, &r); err != nil {
		return nil, fmt.Errorf("row: %w", err)
	}
	return r, r.known()
}

// parseRows reads the answer to a query.
func parseRows(answer []byte) ([]row, error) {
	var page struct {
		Value []row `json:"value"`
	}
	if err := json.Unmarshal(answer, &page); err != nil {
		return nil, fmt.Errorf("rows: %w", err)
	}
	for _, r := range page.Value {
		if err := r.known(); err != nil {
			return nil, err
		}
	}
	return page.Value, nil
}

// known is an error for a row of a form that this release does not know.
func (r row) known() error {
	if v, ok := r[colSchema].(float64); !ok || v > schemaVersion || v < 1 || v != math.Trunc(v) {
		return fmt.Errorf("row %s: schema %v, this release knows %d: deploy the release that wrote it",
			r.key(), r[colSchema], schemaVersion)
	}
	return nil
}

// json is the row as the service takes it.
func (r row) json() ([]byte, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("row %s: %w", r.key(), err)
	}
	return text, nil
}

func (r row) key() string { return r.text("RowKey") }

func (r row) etag() string { return r.text("odata.etag") }

func (r row) text(column string) string {
	text, _ := r[column].(string)
	return text
}

func (r row) flag(column string) bool {
	flag, _ := r[column].(bool)
	return flag
}

// stampLayout writes times so that their texts compare as they do.
const stampLayout = "2006-01-02T15:04:05.000000000Z"

func stamp(t time.Time) string { return t.UTC().Format(stampLayout) }

// stamped reads a time that stamp wrote; a missing one is the zero time.
func (r row) stamped(column string) (time.Time, error) {
	text := r.text(column)
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(stampLayout, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("row %s: %w", r.key(), err)
	}
	return t, nil
}

func entityTag(version string) *azcore.ETag {
	etag := azcore.ETag(version)
	return &etag
}
