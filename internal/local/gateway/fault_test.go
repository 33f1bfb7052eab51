package gateway_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/trefoil-tre/trefoil/internal/local/gateway"
	"github.com/trefoil-tre/trefoil/internal/local/storageproxy"
)

// wantCode checks a refusal; no status means no refusal.
func wantCode(t *testing.T, err error, status int, code string) {
	t.Helper()
	var response *azcore.ResponseError
	if status == 0 && err == nil {
		return
	}
	if !errors.As(err, &response) {
		t.Fatalf("error = %v, want %d %s", err, status, code)
	}
	if response.StatusCode != status || response.ErrorCode != code {
		t.Errorf("refused with %d %s, want %d %s", response.StatusCode, response.ErrorCode, status, code)
	}
}

func TestFaultsOnDemand(t *testing.T) {
	t.Parallel()
	r := newRig(t, gateway.Config{})
	c := r.container(t, account)
	upload(t, c.NewBlockBlobClient("there"), "x", nil)
	link := readLink(t, c.NewBlockBlobClient("there"))
	put := func(name string) error { return tryPut(t, c, name) }
	read := func(name string) error { return tryRead(t, c, name) }
	for _, tc := range []struct {
		kind      storageproxy.Kind
		operation string
		call      func() error
		status    int
		code      string
	}{
		{storageproxy.InternalError, gateway.PutBlob, func() error { return put("a") }, 500, "InternalError"},
		{storageproxy.ServerBusy, gateway.PutBlob, func() error { return put("b") }, 503, "ServerBusy"},
		{storageproxy.PermissionMismatch, gateway.GetBlob, func() error { return read("there") }, 403, "AuthorizationPermissionMismatch"},
		{storageproxy.BlobArchived, gateway.GetBlob, func() error { return read("there") }, 409, "BlobArchived"},
		{storageproxy.CannotVerifyCopySource, gateway.PutBlobFromURL, func() error {
			_, err := c.NewBlockBlobClient("c").UploadBlobFromURL(t.Context(), link, nil)
			return err
		}, 403, "CannotVerifyCopySource"},
		{storageproxy.CommitThenTimeout, gateway.PutBlob, func() error { return put("committed") }, 500, "OperationTimedOut"},
	} {
		t.Run(string(tc.kind), func(t *testing.T) {
			r.SetUnkind(gateway.Unkind{Faults: []storageproxy.Fault{{
				Kind: tc.kind, Times: 1, Match: func(c storageproxy.Call) bool { return c.Operation == tc.operation && c.Account == account },
			}}})
			wantCode(t, tc.call(), tc.status, tc.code)
			wantCode(t, tc.call(), 0, "") // once only
		})
	}
	for name, there := range map[string]bool{"committed": true, "nothing": false} {
		if err := read(name); (err == nil) != there {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDroppedConnectionAfterTheCommit(t *testing.T) {
	t.Parallel()
	r := newRig(t, gateway.Config{})
	c := r.container(t, account)
	r.SetUnkind(gateway.Unkind{Faults: []storageproxy.Fault{{Kind: storageproxy.CommitThenDrop, Times: 1}}})
	var response *azcore.ResponseError
	if err := tryPut(t, c, "dropped"); err == nil || errors.As(err, &response) {
		t.Errorf("error = %v, want a connection without an answer", err)
	}
	if err := tryRead(t, c, "dropped"); err != nil {
		t.Errorf("what was dropped is not there: %v", err)
	}
	r.events.await(t, containerName(t, c), 1) // what happened is told, whoever heard the answer
}

func tryPut(t *testing.T, c *container.Client, name string) error {
	t.Helper()
	_, err := c.NewBlockBlobClient(name).Upload(t.Context(), nopCloser{strings.NewReader("y")}, nil)
	return err
}

func tryRead(t *testing.T, c *container.Client, name string) error {
	t.Helper()
	res, err := c.NewBlockBlobClient(name).DownloadStream(t.Context(), nil)
	if err == nil {
		res.Body.Close()
	}
	return err
}
