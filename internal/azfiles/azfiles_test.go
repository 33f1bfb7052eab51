package azfiles_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azblobs"
	"github.com/trefoil-tre/trefoil/internal/azdesk"
	"github.com/trefoil-tre/trefoil/internal/azfiles"
	"github.com/trefoil-tre/trefoil/internal/filestest"
	"github.com/trefoil-tre/trefoil/internal/local/gateway"
	"github.com/trefoil-tre/trefoil/internal/local/storageproxy"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	h := newWorld(t).harness()
	filestest.Run(t, func(*testing.T) filestest.Harness { return h })
}

// fail lets the next calls of an operation on a container fail.
func (w world) fail(kind storageproxy.Kind, operation string, place airlock.Place) {
	w.gateway.SetUnkind(gateway.Unkind{Faults: []storageproxy.Fault{{
		Kind: kind, Times: 1,
		Match: func(c storageproxy.Call) bool {
			return c.Operation == operation && strings.HasPrefix(c.Resource, place.Container)
		},
	}}})
}

// TestLostAnswers does the work and loses the answer: the SDK's repeat must
// find that it is done, and not do it twice.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	from, dest := w.place(t, w.account), w.place(t, w.other)
	for size, operation := range map[int]string{5000: gateway.PutBlobFromURL, 30_000: gateway.PutBlockList, 29_999: gateway.PutBlockFromURL, 0: gateway.PutBlob} {
		for _, kind := range []storageproxy.Kind{storageproxy.CommitThenTimeout, storageproxy.CommitThenDrop} {
			content := bytes.Repeat([]byte("x"), size)
			source := w.put(t, from, operation, content)
			w.fail(kind, operation, dest)
			c := airlock.Copy{From: source, To: airlock.Ref{Place: dest, Name: operation}, Size: int64(size)}
			for done := (airlock.Copied{}); done.ETag == ""; c.Offset = done.Offset {
				var err error
				if done, err = w.vault().Copy(t.Context(), c); err != nil {
					t.Fatalf("%s, %s: %v", operation, kind, err)
				}
			}
			got, err := w.vault().Open(t.Context(), c.To, 0, int64(size)+1)
			if err != nil {
				t.Fatal(err)
			}
			if text, err := io.ReadAll(got); err != nil || !bytes.Equal(text, content) {
				t.Errorf("%s, %s: %d bytes, %v", operation, kind, len(text), err)
			}
			if err := got.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	from, dest := w.place(t, w.account), w.place(t, w.other)
	source := w.put(t, from, "secret-name.csv", []byte("1"))
	c := airlock.Copy{From: source, To: airlock.Ref{Place: dest, Name: "secret-name.csv"}, Size: 1}
	tests := []struct {
		kind      storageproxy.Kind
		operation string
		do        func() error
	}{
		{storageproxy.CannotVerifyCopySource, gateway.PutBlobFromURL, func() error { _, err := w.vault().Copy(t.Context(), c); return err }},
		{storageproxy.BlobArchived, gateway.PutBlobFromURL, func() error { _, err := w.vault().Copy(t.Context(), c); return err }},
		{storageproxy.PermissionMismatch, gateway.GetBlob, func() error { _, err := w.vault().Open(t.Context(), c.To, 0, 1); return err }},
		{storageproxy.PermissionMismatch, gateway.DeleteBlob, func() error { return w.vault().Remove(t.Context(), c.To) }},
		{storageproxy.PermissionMismatch, gateway.DeleteContainer, func() error {
			_, err := (&azfiles.Janitor{Accounts: w.accounts}).Purge(t.Context(), dest)
			return err
		}},
		{storageproxy.PermissionMismatch, gateway.CreateContainer, func() error { return azdesk.New(w.accounts).Create(t.Context(), dest) }},
	}
	for _, tt := range tests {
		w.fail(tt.kind, tt.operation, dest)
		err := tt.do()
		answer, ok := errors.AsType[*azblobs.Error](err)
		if !ok || answer.Code != string(tt.kind) {
			t.Errorf("%s on %s: %v", tt.kind, tt.operation, err)
			continue
		}
		if errors.Is(err, airlock.ErrNotFound) || errors.Is(err, airlock.ErrChanged) || strings.Contains(err.Error(), "secret-name") || strings.Contains(err.Error(), "sig=") {
			t.Errorf("%s on %s: %v", tt.kind, tt.operation, err)
		}
	}
}

func TestContainerBeingDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	place := w.place(t, w.account)
	janitor := &azfiles.Janitor{Accounts: w.accounts}
	w.fail(storageproxy.ContainerBeingDeleted, gateway.DeleteContainer, place)
	if gone, err := janitor.Purge(t.Context(), place); gone || err != nil {
		t.Errorf("being deleted: gone %v, %v", gone, err)
	}
	for _, want := range []bool{false, true} {
		if gone, err := janitor.Purge(t.Context(), place); gone != want || err != nil {
			t.Errorf("gone %v, %v; want %v", gone, err, want)
		}
	}
	// The name is held: not free, and no reason to believe in a container.
	err := azdesk.New(w.accounts).Create(t.Context(), place)
	if err == nil || errors.Is(err, airlock.ErrNotFound) {
		t.Errorf("create under a held name: %v", err)
	}
	w.fail(storageproxy.ContainerBeingDeleted, gateway.GetBlob, place)
	if _, err := w.vault().Open(t.Context(), airlock.Ref{Place: place, Name: "a"}, 0, 1); !errors.Is(err, airlock.ErrNotFound) {
		t.Errorf("open in a container being deleted: %v", err)
	}
}

// TestSnapshots: whoever may write may take snapshots; they do not save a file.
func TestSnapshots(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	place := w.place(t, w.account)
	ref := w.put(t, place, "a.csv", []byte("1"))
	c, err := w.accounts.Container(place)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.NewBlobClient("a.csv").CreateSnapshot(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := w.vault().Remove(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
	if _, err := w.vault().Open(t.Context(), ref, 0, 1); !errors.Is(err, airlock.ErrNotFound) {
		t.Errorf("after remove: %v", err)
	}
}

// TestForeignMark: a copy is taken for done by version and size, not by version alone.
func TestForeignMark(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	from, dest := w.place(t, w.account), w.place(t, w.other)
	source := w.put(t, from, "a.csv", []byte("12345"))
	w.put(t, dest, "a.csv", []byte("1"))
	c, err := w.accounts.Container(dest)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.NewBlobClient("a.csv").SetMetadata(t.Context(), map[string]*string{"source": &source.ETag}, nil); err != nil {
		t.Fatal(err)
	}
	target := airlock.Ref{Place: dest, Name: "a.csv"}
	if _, err := w.vault().Copy(t.Context(), airlock.Copy{From: source, To: target, Size: 5}); err != nil {
		t.Fatal(err)
	}
	got, err := w.vault().Open(t.Context(), target, 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Close()
	if text, err := io.ReadAll(got); err != nil || string(text) != "12345" {
		t.Errorf("holds %q, %v", text, err)
	}
}

// TestTier: the tier that CheckBlob refuses is listed.
func TestTier(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	place := w.place(t, w.account)
	w.put(t, place, "cool.csv", []byte("1"))
	c, err := w.accounts.Container(place)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.NewBlobClient("cool.csv").SetTier(t.Context(), blob.AccessTierCool, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := c.NewAppendBlobClient("append.log").Create(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	blobs, _, err := azdesk.New(w.accounts).List(t.Context(), place, airlock.Page{})
	if err != nil || len(blobs) != 2 || blobs[0].BlobType != "AppendBlob" || blobs[1].Tier != string(blob.AccessTierCool) {
		t.Errorf("%+v, %v", blobs, err)
	}
}
