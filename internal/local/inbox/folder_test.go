package inbox_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/trefoil-tre/trefoil/internal/local/inbox"
)

func TestAFolderIsTakenUpAgain(t *testing.T) {
	t.Parallel()
	folder := t.TempDir() + "/mail"
	first := start(t, inbox.Config{Folder: folder})
	for id, to := range map[string]string{"1@x": "ann@example.org", "2@x": "bob@example.org"} {
		if err := send(first, []string{to}, message(id, "kept "+id)); err != nil {
			t.Fatal(err)
		}
	}
	want := first.Mails()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := start(t, inbox.Config{Folder: folder})
	if diff := cmp.Diff(want, second.Mails(), cmpopts.EquateApproxTime(1e6)); diff != "" || len(want) != 2 {
		t.Errorf("%d mails before: %s", len(want), diff)
	}
	if err := send(second, []string{"ann@example.org"}, message("1@x", "kept 1@x")); err != nil {
		t.Fatal(err)
	}
	if err := send(second, []string{"ann@example.org"}, message("3@x", "new")); err != nil {
		t.Fatal(err)
	}
	if all := second.Mails(); len(all) != 3 || all[0].N != 3 {
		t.Errorf("%d mails after a repeat and a new one, the newest is number %d", len(all), all[0].N)
	}
}
