package azstore

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// action is one row of a transaction.
type action struct {
	kind    aztables.TransactionType
	row     row
	ifMatch string // ETag, "*" for whatever is there, "" for no condition
}

func insert(r row) action { return action{kind: aztables.TransactionTypeAdd, row: r} }

func upsert(r row) action { return action{kind: aztables.TransactionTypeInsertMerge, row: r} }

// upsertWhole writes a row as it is, whatever was there.
func upsertWhole(r row) action {
	return action{kind: aztables.TransactionTypeInsertReplace, row: r}
}

func replace(r row, etag string) action {
	return action{kind: aztables.TransactionTypeUpdateReplace, row: r, ifMatch: etag}
}

func merge(r row, etag string) action {
	return action{kind: aztables.TransactionTypeUpdateMerge, row: r, ifMatch: etag}
}

func remove(r row) action {
	return action{kind: aztables.TransactionTypeDelete, row: r, ifMatch: string(azcore.ETagAny)}
}

// rowError is the refusal of a transaction, which names the row at fault.
type rowError struct {
	index  int // of the action; -1 when the service does not say
	status int
	code   string
}

func (e *rowError) Error() string {
	return fmt.Sprintf("transaction: row %d: %d %s", e.index, e.status, e.code)
}

// maxTransaction bounds the rows of a transaction in bytes: a request holds
// 4 MiB, of which 100 rows take less than this leaves for all that is no row.
// https://learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions
const maxTransaction = 4<<20 - 100<<10

// transact does all actions or none and returns the ETags of the rows, "" for
// one that was removed, or of which the service did not say. It returns a
// *rowError when the service refuses a row.
func (s *Store) transact(ctx context.Context, actions []action) (etags []string, err error) {
	if len(actions) > airlock.MaxPut {
		return nil, fmt.Errorf("transaction: %d rows, at most %d: %w", len(actions), airlock.MaxPut, airlock.ErrInvalid)
	}
	wire, size := make([]aztables.TransactionAction, len(actions)), 0
	for i, a := range actions {
		entity, err := a.row.json()
		if err != nil {
			return nil, err
		}
		if size += len(entity); size > maxTransaction {
			return nil, fmt.Errorf("transaction: rows of %d bytes or more, at most %d: %w", size, maxTransaction, airlock.ErrInvalid)
		}
		wire[i] = aztables.TransactionAction{ActionType: a.kind, Entity: entity}
		if a.ifMatch != "" {
			wire[i].IfMatch = entityTag(a.ifMatch)
		}
	}
	err = s.withTable(ctx, func() error {
		etags, err = s.submit(ctx, wire)
		return err
	})
	if missing := len(actions) - len(etags); missing > 0 && err == nil {
		etags = append(etags, make([]string, missing)...)
	}
	return etags, err
}

// submit sends the transaction. The SDK drops what the service says of each
// row, so the answer is read once more here.
func (s *Store) submit(ctx context.Context, actions []aztables.TransactionAction) ([]string, error) {
	var res *http.Response
	_, err := s.Table.SubmitTransaction(policy.WithCaptureResponse(ctx, &res), actions, nil)
	if refused, ok := errors.AsType[*azcore.ResponseError](err); ok {
		res = refused.RawResponse
	} else if err != nil {
		return nil, err
	}
	if res == nil || res.StatusCode != http.StatusAccepted {
		return nil, err
	}
	body, readErr := runtime.Payload(res)
	if readErr != nil {
		return nil, errors.Join(err, readErr)
	}
	etags, parseErr := parseAnswer(body)
	if parseErr != nil {
		return nil, parseErr
	}
	return etags, err
}

// parseAnswer reads a transaction's answer: the ETags of the rows, or the
// *rowError of the one that failed. The answer is a multipart in a multipart.
// https://learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions
func parseAnswer(body []byte) ([]string, error) {
	outer, err := parts(body).NextPart()
	if err != nil {
		return nil, fmt.Errorf("transaction: answer: %w", err)
	}
	inner, err := io.ReadAll(outer)
	if err != nil {
		return nil, fmt.Errorf("transaction: answer: %w", err)
	}
	changes := parts(inner)
	var etags []string
	for {
		part, err := changes.NextPart()
		if errors.Is(err, io.EOF) {
			return etags, nil
		} else if err != nil {
			return nil, fmt.Errorf("transaction: answer: %w", err)
		}
		res, err := http.ReadResponse(bufio.NewReader(part), nil) //nolint:bodyclose // the body is a part of the answer, which is closed as a whole
		if err != nil {
			return nil, fmt.Errorf("transaction: answer: %w", err)
		}
		if err := refusal(res); err != nil {
			return nil, err
		}
		etags = append(etags, res.Header.Get("ETag"))
	}
}

// parts reads a multipart body by the boundary it begins with.
func parts(body []byte) *multipart.Reader {
	line, _, _ := bytes.Cut(bytes.TrimLeft(body, "\r\n"), []byte("\n"))
	boundary := strings.TrimPrefix(strings.TrimSpace(string(line)), "--")
	return multipart.NewReader(bytes.NewReader(body), boundary)
}

// refusal is the *rowError of a row's answer. Its message begins with the
// row's number and a colon.
func refusal(res *http.Response) error {
	defer func() { _ = res.Body.Close() }() // bytes in memory
	if res.StatusCode < http.StatusBadRequest {
		return nil
	}
	var said struct {
		Error struct {
			Code    string `json:"code"`
			Message struct {
				Value string `json:"value"`
			} `json:"message"`
		} `json:"odata.error"`
	}
	failed := &rowError{index: -1, status: res.StatusCode}
	if err := json.NewDecoder(res.Body).Decode(&said); err != nil {
		return failed // without code and number
	}
	failed.code = said.Error.Code
	if number, _, ok := strings.Cut(said.Error.Message.Value, ":"); ok {
		if n, err := strconv.Atoi(number); err == nil {
			failed.index = n
		}
	}
	return failed
}
