package scenario_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/local/defender"
	"github.com/trefoil-tre/trefoil/internal/local/stack"
)

// Ends of names for which the scanner says something else, as main_test sets
// up; the copies that ask again have other names.
const (
	silent = ".silent.txt" // says nothing
	busy   = ".busy.txt"   // was throttled
	locked = ".locked.txt" // needs a password
	denied = ".denied.txt" // has no access
)

func scans() {
	rig.Scans.Say("draft-", silent, 0, defender.Outcome{Silent: true})
	rig.Scans.Say("draft-", busy, 0, defender.Outcome{Code: defender.Throttled, LowerCase: true})
	rig.Scans.Say("draft-", locked, 0, defender.Outcome{Code: defender.PasswordProtected})
	rig.Scans.Say("draft-", denied, 0, defender.Outcome{Code: defender.NoAccess})
}

func TestMalwareIsBlocked(t *testing.T) {
	t.Parallel()
	for _, kind := range []airlock.Type{airlock.Import, airlock.Export} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			x := begin(t, airlock.Policy{})
			q := x.dropped(researcher, kind, some())
			x.must(q.Drop(t.Context(), "free-game.txt", append(bytes.Repeat([]byte("."), 100_000), defender.EICAR...)))
			files, err := q.Looked(t.Context(), 3)
			x.must(err)
			if files["free-game.txt"].Verdict != airlock.Malicious {
				t.Errorf("draft does not warn: %+v", files["free-game.txt"])
			}
			x.must(q.Submit(t.Context())) // is accepted
			x.await(q, airlock.Blocked)
			_, err = q.Told(t.Context(), "researcher@heart.example", 1)
			x.must(err)
			there, err := q.Containers(t.Context())
			x.must(err)
			if strings.Contains(strings.Join(there, " "), "released-") {
				t.Errorf("blocked data crossed: %v", there)
			}
			if got := x.status(q, manager, http.MethodPost, "/review", map[string]any{"approval": true}); got != http.StatusBadRequest {
				t.Errorf("approval of a blocked request answers %d", got)
			}
		})
	}
}

// TestVerdictIsAskedForAgain: verdicts that never came, that say "later", or
// that are the operator's fault are asked for by a copy.
func TestVerdictIsAskedForAgain(t *testing.T) {
	t.Parallel()
	for _, suffix := range []string{silent, busy, denied} {
		t.Run(suffix, func(t *testing.T) {
			t.Parallel()
			x := begin(t, airlock.Policy{RescanAfter: airlock.Duration(2 * time.Second), VerdictLife: airlock.Duration(time.Hour)})
			files := some()
			files["slow"+suffix] = []byte("scan me later")
			q := x.dropped(researcher, airlock.Import, files)
			x.must(q.Submit(t.Context()))
			x.await(q, airlock.InReview)
			x.must(q.Approve(t.Context(), manager))
			x.await(q, airlock.Approved)
			x.sees(q, researcher, "link", files)
		})
	}
}

// TestVerdictOverdue: without a verdict nothing passes, and a person is told.
func TestVerdictOverdue(t *testing.T) {
	t.Parallel()
	x := begin(t, airlock.Policy{VerdictLife: airlock.Duration(time.Second), RescanAfter: airlock.Duration(time.Hour)})
	q := x.dropped(researcher, airlock.Import, map[string][]byte{"slow" + silent: []byte("x")})
	x.must(q.Submit(t.Context()))
	_, err := q.Told(t.Context(), "researcher@heart.example", 1)
	x.must(err)
	x.await(q, airlock.Gating)
}

func TestUnscannableIsRefused(t *testing.T) {
	t.Parallel()
	x := begin(t, airlock.Policy{})
	q := x.dropped(researcher, airlock.Export, map[string][]byte{"secret" + locked: []byte("PK with a password"), "fine.txt": []byte("x")})
	_, err := q.Looked(t.Context(), 2)
	x.must(err)
	x.refusedAs(q, "secret"+locked)
}

// TestOddBlobs: what no scanner reads and no copy carries is refused by name.
func TestOddBlobs(t *testing.T) {
	t.Parallel()
	x := begin(t, airlock.Policy{})
	q := x.create(researcher, airlock.Import)
	x.must(q.Drop(t.Context(), "good.txt", []byte("x")))
	if status, err := q.Put(t.Context(), "log.append", nil, "x-ms-blob-type", "AppendBlob"); err != nil || status != http.StatusCreated {
		t.Fatalf("append blob: %d %v", status, err)
	}
	x.must(q.Drop(t.Context(), "cold.txt", []byte("x")))
	draft, err := rig.Blobs(rig.Account(stack.AirlockAccount))
	x.must(err)
	place := airlock.Container{Kind: airlock.DraftFiles, Key: q.Key, Number: 1}.String()
	cold := draft.ServiceClient().NewContainerClient(place).NewBlobClient("cold.txt")
	_, err = cold.SetTier(t.Context(), "Archive", nil)
	x.must(err)
	x.refusedAs(q, "log.append", "cold.txt")
	files, err := q.Files(t.Context())
	x.must(err)
	if !files["log.append"].Refused || !files["cold.txt"].Refused || files["good.txt"].Refused {
		t.Errorf("findings: %+v", files)
	}
}

// TestLinkIsWriteOnly: with the draft's link nothing is read and nothing is
// deleted.
func TestLinkIsWriteOnly(t *testing.T) {
	t.Parallel()
	x := begin(t, airlock.Policy{})
	q := x.dropped(researcher, airlock.Export, some())
	box, err := container.NewClientWithNoCredential(q.Link, nil)
	x.must(err)
	if _, err := box.NewBlobClient("notes.txt").DownloadStream(t.Context(), nil); err == nil {
		t.Error("the draft's link reads")
	}
	if _, err := box.NewBlobClient("notes.txt").Delete(t.Context(), nil); err == nil {
		t.Error("the draft's link deletes")
	}
	if _, err := box.Delete(t.Context(), nil); err == nil {
		t.Error("the draft's link deletes the container")
	}
}
