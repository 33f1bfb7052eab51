package walk

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/png"
	"net/http"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/local/defender"
)

// imports lets files cross into the workspace.
func (w *walk) imports(ctx context.Context) *request {
	w.chapter("Import: files cross into the workspace")
	who := w.researcher
	files := []file{
		{"lab values/blood panel, March 2026.csv", table("patient;haemoglobin;crp")},
		{"lab values/Übersicht für März.csv", table("Patient;Hämoglobin;CRP")},
		{"波形/心電図 01.png", picture()},
	}
	program := file{"helper.csv", append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 64)...)}
	r := w.create(ctx, who, airlock.Import, "Blood values for the valve study", append(files, program)...)
	w.inspected(ctx, r, len(files)+1)
	w.refused(ctx, r, who, "submits all the same", http.StatusBadRequest, func(ctx context.Context) error {
		return who.api.Do(ctx, http.MethodPost, r.path()+"/submit", nil, nil)
	})
	w.step(ctx, who.Name, "removes it from the draft", func(ctx context.Context) (note, error) {
		if err := who.api.Do(ctx, http.MethodPost, r.path()+"/files/remove", map[string]string{"name": program.name}, nil); err != nil {
			return note{}, err
		}
		left, err := who.api.Files(ctx, r.WorkspaceID, r.ID)
		return r.state(count(len(left), "file") + " left"), err
	})
	w.submit(ctx, r, airlock.StatusInReview)
	link := w.mailed(ctx, w.manager, r, "there is something to decide")
	w.refused(ctx, r, who, "tries to approve it", http.StatusForbidden, w.approving(who, r))
	w.decided(ctx, r, link, "approve", "", airlock.StatusApproved)
	w.mailed(ctx, who, r, "it is approved")
	r.link = w.fetched(ctx, r, files...)
	return r
}

// exports lets a result leave; who asks is an airlock manager too.
func (w *walk) exports(ctx context.Context) {
	w.chapter("Export: a result leaves the workspace")
	files := []file{{"results/table 1.csv", table("group;n;mean")}, {"results/figure 1.png", picture()}}
	r := w.create(ctx, w.both, airlock.Export, "Table 1 and figure 1 of the paper", files...)
	w.inspected(ctx, r, len(files))
	w.submit(ctx, r, airlock.StatusInReview)
	link := w.mailed(ctx, w.manager, r, "there is something to decide")
	w.refused(ctx, r, w.both, "is an airlock manager too, and tries to approve it", http.StatusForbidden, w.approving(w.both, r))
	w.decided(ctx, r, link, "approve", "Aggregates only, no cell below 10", airlock.StatusApproved)
	w.mailed(ctx, w.both, r, "it is approved")
	w.fetched(ctx, r, files...)
}

// approving is an approval through the API.
func (w *walk) approving(who *person, r *request) func(context.Context) error {
	return func(ctx context.Context) error {
		return who.api.Do(ctx, http.MethodPost, r.path()+"/review",
			map[string]any{"approval": true, "decisionExplanation": "mine", "manifestDigest": r.ManifestDigest}, nil)
	}
}

// infected is a request with the test file that every scanner reports.
func (w *walk) infected(ctx context.Context) {
	w.chapter("An infected file is blocked")
	r := w.create(ctx, w.researcher, airlock.Import, "Questionnaires", file{"questionnaire.txt", []byte(defender.EICAR)}, file{"codebook.csv", table("code;meaning")})
	w.inspected(ctx, r, 2)
	w.submit(ctx, r, airlock.StatusBlockedByScan)
	w.mailed(ctx, w.researcher, r, "it is blocked")
}

// rejected is a request that a reviewer rejects, which takes a reason.
func (w *walk) rejected(ctx context.Context) {
	w.chapter("A request is rejected")
	r := w.create(ctx, w.researcher, airlock.Export, "Row-level data", file{"rows.csv", table("patient;born;died")})
	w.submit(ctx, r, airlock.StatusInReview)
	link := w.mailed(ctx, w.manager, r, "there is something to decide")
	w.notOnPage(ctx, r, w.manager, "rejects without a reason", pageForm{link, "reject", ""})
	w.decided(ctx, r, link, "reject", "Rows of single patients cannot leave", airlock.StatusRejected)
	w.mailed(ctx, w.researcher, r, "it is rejected, and why")
}

// returned is a request that comes back for changes and goes in again.
func (w *walk) returned(ctx context.Context) {
	w.chapter("A request is returned for changes, and approved in its second turn")
	keep, fix := file{"methods.txt", []byte("Valve surgery, 2019 to 2025\n")}, file{"table 2.csv", table("group;n;names")}
	r := w.create(ctx, w.researcher, airlock.Export, "Methods and table 2", keep, fix)
	w.submit(ctx, r, airlock.StatusInReview)
	link := w.mailed(ctx, w.manager, r, "there is something to decide")
	w.decided(ctx, r, link, "return", "Leave out the names", airlock.StatusDraft)
	w.mailed(ctx, w.researcher, r, "it came back, and why")
	w.step(ctx, w.researcher.Name, "asks for a link into the new draft", func(ctx context.Context) (note, error) {
		var answer api.Link
		err := w.researcher.api.Do(ctx, http.MethodGet, r.path()+"/link", nil, &answer)
		r.link = answer.ContainerURL
		return r.state(), err
	})
	fix.content = table("group;n;mean")
	w.drop(ctx, r, fix)
	w.inspected(ctx, r, 2)
	w.submit(ctx, r, airlock.StatusInReview)
	link = w.mailed(ctx, w.manager, r, "there is something to decide again")
	w.decided(ctx, r, link, "approve", "", airlock.StatusApproved)
	w.fetched(ctx, r, keep, fix)
}

// cancelled is a request that its requester gives up.
func (w *walk) cancelled(ctx context.Context) {
	w.chapter("A request is cancelled")
	r := w.create(ctx, w.researcher, airlock.Import, "Not needed after all", file{"notes.txt", []byte("never mind\n")})
	w.submit(ctx, r, airlock.StatusInReview)
	w.step(ctx, w.researcher.Name, "cancels it", func(ctx context.Context) (note, error) {
		if err := w.researcher.api.Do(ctx, http.MethodPost, r.path()+"/cancel", nil, nil); err != nil {
			return note{}, err
		}
		if err := r.reach(ctx, airlock.StatusCancelled); err != nil {
			return note{}, err
		}
		return r.state(), nil
	})
}

// revoked takes the import back: the link that worked is dead afterwards.
func (w *walk) revoked(ctx context.Context, r *request) {
	w.chapter("The import is revoked")
	w.at = r
	w.onPage(ctx, r, w.manager, "revokes it on its page", pageForm{w.page(r), "revoke", "Sent with the wrong consent form"}, airlock.StatusRevoked)
	w.step(ctx, w.researcher.Name, "tries the link that worked before", func(ctx context.Context) (note, error) {
		var said *refusedBy
		err := until(ctx, func() (bool, error) {
			_, err := download(ctx, r.link)
			if err == nil || errors.As(err, &said) && said.status < http.StatusInternalServerError {
				return err != nil, nil
			}
			return false, err
		})
		if err != nil {
			return note{}, err
		}
		return r.state("it is dead: " + said.Error()), nil
	})
}

// table is a small table that nobody lives in.
func table(header string) []byte {
	var b bytes.Buffer
	b.WriteString(header + "\n")
	for row := range 20 {
		b.WriteString("P" + string(rune('A'+row)) + ";" + string(rune('1'+row%9)) + ".4;" + string(rune('1'+row%7)) + ".1\n")
	}
	return b.Bytes()
}

// picture is a small picture of a wave.
func picture() []byte {
	img := image.NewGray(image.Rect(0, 0, 64, 32))
	for x := range 64 {
		img.SetGray(x, 16+(x*x/7)%12-6, color.Gray{Y: 255})
	}
	var b bytes.Buffer
	_ = png.Encode(&b, img) // neither buffer nor picture can fail
	return b.Bytes()
}
