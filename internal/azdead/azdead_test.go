package azdead_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/azdead"
	"github.com/trefoil-tre/trefoil/internal/local/azurite/azuritetest"
)

func TestLetters(t *testing.T) {
	t.Parallel()
	connection, name := azuritetest.Start(t).ConnectionString("state"), "dead-"+azuritetest.Suffix(t)
	letters, err := azdead.New(azdead.Config{ConnectionString: connection, Container: name})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := letters.Take(t.Context(), 10); err != nil || len(got) != 0 {
		t.Fatalf("no container: %v, %v; want nothing", got, err)
	}
	client, err := azblob.NewClientFromConnectionString(connection, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.CreateContainer(t.Context(), name, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := client.DeleteContainer(context.WithoutCancel(t.Context()), name, nil); err != nil {
			t.Error(err)
		}
	})
	for blob, text := range map[string]string{
		"a/1.json": `[{"id":"1","data":{"eTag":"0x1"}}, {"id":5}]`,
		"b.json":   `no json`,
	} {
		if _, err := client.UploadBuffer(t.Context(), name, blob, []byte(text), nil); err != nil {
			t.Fatal(err)
		}
	}
	got, err := letters.Take(t.Context(), 10)
	want := []azdead.Letter{
		{Blob: "a/1.json", Events: []json.RawMessage{[]byte(`{"id":"1","data":{"eTag":"0x1"}}`), []byte(`{"id":5}`)}}, {Blob: "b.json"},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Fatalf("letters (-want +got): %v\n%s", err, diff)
	}
	for _, l := range append(got, got...) { // the second time it is gone
		if err := letters.Drop(t.Context(), l.Blob); err != nil {
			t.Errorf("drop of %s: %v", l.Blob, err)
		}
	}
	if got, err := letters.Take(t.Context(), 10); err != nil || len(got) != 0 {
		t.Errorf("after all were dropped: %v, %v", got, err)
	}
}

func TestKeyIsNotTold(t *testing.T) {
	t.Parallel()
	_, err := azdead.New(azdead.Config{ConnectionString: "AccountName=a;AccountKey=secret-key!", Container: "c"})
	if err == nil || cmp.Equal(err.Error(), "") || len(err.Error()) > 60 {
		t.Errorf("error %v, want one that quotes nothing", err)
	}
}
