package azstore

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// answer is a transaction's answer in the form of the documentation.
// https://learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions
func answer(parts ...string) string {
	var b strings.Builder
	b.WriteString("--batchresponse_1\r\nContent-Type: multipart/mixed; boundary=changesetresponse_2\r\n\r\n")
	for _, part := range parts {
		b.WriteString("--changesetresponse_2\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n" + part + "\r\n")
	}
	b.WriteString("--changesetresponse_2--\r\n--batchresponse_1--\r\n")
	return b.String()
}

func TestParseAnswer(t *testing.T) {
	t.Parallel()
	const (
		first  = "HTTP/1.1 204 No Content\r\nDataServiceVersion: 3.0;\r\nETag: W/\"datetime'1'\"\r\n\r\n"
		second = "HTTP/1.1 204 No Content\r\nETag: W/\"datetime'2'\"\r\n\r\n"
		gone   = "HTTP/1.1 204 No Content\r\n\r\n"
		json   = "Content-Type: application/json;odata=minimalmetadata;charset=utf-8\r\n\r\n"
		exists = "HTTP/1.1 409 Conflict\r\n" + json + `{"odata.error":{"code":"EntityAlreadyExists","message":{"lang":"en-US","value":"12:The specified entity already exists.\nRequestId:1\nTime:2"}}}` + "\r\n"
		silent = "HTTP/1.1 412 Precondition Failed\r\n" + json + `{"odata.error":{"code":"UpdateConditionNotSatisfied","message":{"value":"The update condition"}}}` + "\r\n"
		mute   = "HTTP/1.1 500 Internal Server Error\r\n\r\n"
	)
	tests := []struct {
		name, body string
		etags      []string
		err        *rowError
	}{
		{name: "all done", body: answer(first, second), etags: []string{`W/"datetime'1'"`, `W/"datetime'2'"`}},
		{name: "a row removed", body: answer(gone, second), etags: []string{"", `W/"datetime'2'"`}},
		{name: "row named", body: answer(exists), err: &rowError{index: 12, status: 409, code: "EntityAlreadyExists"}},
		{name: "row not named", body: answer(silent), err: &rowError{index: -1, status: 412, code: "UpdateConditionNotSatisfied"}},
		{name: "no body", body: answer(mute), err: &rowError{index: -1, status: 500}},
		{name: "done, then not", body: answer(first, exists), err: &rowError{index: 12, status: 409, code: "EntityAlreadyExists"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			etags, err := parseAnswer([]byte(tt.body))
			failed, _ := errors.AsType[*rowError](err)
			if diff := cmp.Diff(tt.err, failed, cmp.AllowUnexported(rowError{})); diff != "" || !slices.Equal(etags, tt.etags) || (err != nil) != (tt.err != nil) {
				t.Errorf("etags %q, %v; want %q, %v", etags, err, tt.etags, tt.err)
			}
		})
	}
}

func FuzzParseAnswer(f *testing.F) {
	f.Add([]byte(answer("HTTP/1.1 204 No Content\r\nETag: x\r\n\r\n")))
	f.Add([]byte(answer("HTTP/1.1 404 Not Found\r\n\r\n{}")))
	f.Add([]byte("--\r\n\r\n"))
	f.Add([]byte(""))
	f.Fuzz(func(t *testing.T, body []byte) {
		if etags, err := parseAnswer(body); err != nil && etags != nil {
			t.Errorf("etags %q with error %v", etags, err)
		}
	})
}

func TestCutLosesNothingAndFits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		unit := rapid.StringOfN(rapid.Rune(), 1, 9, -1).Draw(t, "unit")
		text := strings.Repeat(unit, rapid.IntRange(0, 20_000).Draw(t, "times"))
		pieces, total := cut(text)
		if strings.Join(pieces, "") != text || total != len(utf16.Encode([]rune(text))) {
			t.Fatalf("%d bytes came back as %d pieces of %d units", len(text), len(pieces), total)
		}
		for _, piece := range pieces {
			if n := len(utf16.Encode([]rune(piece))); n > maxColumn {
				t.Fatalf("a piece has %d units", n)
			}
		}
	})
}

func TestKeysHoldNothingForbidden(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id, name, etag := rapid.String().Draw(t, "id"), rapid.String().Draw(t, "name"), rapid.String().Draw(t, "etag")
		slot := airlock.Slot{Key: airlock.Key{Request: id}, Turn: 7}
		for _, key := range []string{fileKey(slot, name, etag), auditKey(id, 12), letterKey(id, name), memberKey(id, "r"), part(id)} {
			if key == "" || len(key) > 512 || strings.ContainsFunc(key, func(r rune) bool { return odd(r) && r != '.' && r != '=' }) {
				t.Fatalf("key %q", key)
			}
		}
		key := templateKey(workspace.Service, id, name, etag)
		if len(key) > 512 || strings.ContainsFunc(key, func(r rune) bool { return odd(r) && !strings.ContainsRune(".=!", r) }) || strings.Count(key, "!") != 3 {
			t.Fatalf("key %q", key)
		}
		if other := rapid.String().Draw(t, "other"); other != id && part(other) == part(id) {
			t.Fatalf("%q and %q share a key", id, other)
		}
	})
}

func TestNoTextLeavesItsQuotes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("a'\" ~/"))).Draw(t, "text")
		quoted := quote(text)
		inner := quoted[1 : len(quoted)-1]
		if strings.Contains(strings.ReplaceAll(inner, "''", ""), "'") || strings.ReplaceAll(inner, "''", "'") != text {
			t.Fatalf("%q is quoted %s", text, quoted)
		}
	})
}

func TestStampsCompareAsTimesDo(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		moment := rapid.Custom(func(t *rapid.T) time.Time {
			return time.Unix(rapid.Int64Range(-62135596800, 253402300799).Draw(t, "s"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns"))
		})
		a, b := moment.Draw(t, "a"), moment.Draw(t, "b")
		if strings.Compare(stamp(a), stamp(b)) != a.Compare(b) {
			t.Fatalf("%s and %s", stamp(a), stamp(b))
		}
		if back, err := (row{"x": stamp(a)}).stamped("x"); err != nil || !back.Equal(a) {
			t.Fatalf("%v came back as %v, %v", a, back, err)
		}
	})
}
