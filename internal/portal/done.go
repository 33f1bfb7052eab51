package portal

import (
	"fmt"
	"net/url"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
)

// results say what came of an action. The address after it names one; no words
// of an address are ever shown.
var results = map[string]banner{
	"create":           {"good", "The request is made", []string{"It is a draft: add files, then submit it."}},
	"submit":           {"good", "The request is submitted", []string{"Its files are now sealed and checked; then an airlock manager decides. You will get a mail."}},
	"submit-few":       {"warn", "The request is submitted, but too few people may decide on it", []string{"This workspace asks for more reviewers than it has for your request. Its owner is told."}},
	"reject":           {"good", "Your decision is recorded: rejected", []string{"Nothing is released. The requester gets a mail with your reason."}},
	"return":           {"good", "Your decision is recorded: returned for changes", []string{"It is a draft again. The requester gets a mail with your reason."}},
	"cancel":           {"good", "The request is cancelled", []string{"Its files are being deleted."}},
	"stop":             {"good", "The delivery is stopped", []string{"What had been delivered is being deleted."}},
	"revoke":           {"good", "The release is revoked", []string{"The released files are being deleted, which ends every link to them. What was fetched before cannot be called back."}},
	"retry":            {"good", "It is tried again", []string{"The request goes on from where it stopped."}},
	"member-added":     {"good", "The role is given", []string{"It counts from now on. The person gets a mail, if their address is known."}},
	"member-removed":   {"good", "The role is taken away", []string{"It counts no more, from the next page or call on. The person gets a mail."}},
	"member-amended":   {"good", "The end is changed", []string{"The person gets a mail, if their address is known."}},
	"person-suspend":   {"good", "The person is suspended", []string{"No role of theirs counts anywhere, from the next page or call on. They get a mail."}},
	"person-reinstate": {"good", "The person is reinstated", []string{"The roles that they still have count again. They get a mail."}},
	"person-dates":     {"good", "The days are entered", []string{"They count from now on."}},
	"wish-grant":       {"good", "Your decision is recorded: granted", []string{"The workspace is being made. The requester gets a mail now, and another one when it can be worked in."}},
	"wish-reject":      {"good", "Your decision is recorded: rejected", []string{"No workspace is made. The requester gets a mail with your reason."}},
	"wish-withdraw":    {"good", "The request is taken back", []string{"No workspace is made."}},
	"approval-given":   {"good", "The standing approval is given", []string{"Requests that it covers are granted when they come. Those that wait already go on waiting."}},
	"approval-ended":   {"good", "The standing approval is taken back", []string{"Nothing is granted by it from now on. Workspaces that it granted stay."}},
	"freeze":           {"good", "The workspace is frozen", []string{"Nothing can be handed in, decided, delivered, fetched, made or changed until that is lifted. Its people get a mail."}},
	"unfreeze":         {"good", "The workspace goes on", []string{"Everything goes on where it stood, and all deadlines begin anew. Its people get a mail."}},
	"stop-operation":   {"good", "The operation is asked to stop", []string{"What is under way is stopped; then the operation ends as failed, with who asked."}},
	"try-again":        {"good", "It is tried again", []string{"A new operation goes on where the failed one stopped."}},
	"extend":           {"good", "The machine is kept running", []string{"Nothing stops it before the time that its line tells. The warning is void."}},
	"wish-made":        {"good", "The workspace is asked for", []string{"An administrator decides on it. You will get a mail."}},
	"workspace-made":   {"good", "The workspace is being made", []string{"It takes some minutes. You will find it among your workspaces."}},
	"made":             {"good", "It is being made", []string{"It takes some minutes. This page follows it."}},
	"changed":          {"good", "It is being changed", []string{"What was there before is kept in its history."}},
	"upgraded":         {"good", "It is being upgraded", []string{"What was there before is kept in its history."}},
	"enable":           {"good", "It is being enabled", []string{"It can be used once that has ended."}},
	"disable":          {"good", "It is being disabled", []string{"Nothing in it can be made, changed or used until it is enabled again. Once that has ended it can be deleted."}},
	"deleting":         {"good", "It is being deleted", []string{"All that is in it goes first. It is gone from this page once that has ended."}},
	"act":              {"good", "The action is under way", []string{"This page follows it."}},
	"remove":           {"good", "The file is removed", []string{"It will not be submitted. You can upload a file of that name again."}},
}

// done is the message for a finished action; nil for a word that is none.
func done(what string) func(desk.View) *banner {
	if what == "approve" {
		return approved
	}
	b, ok := results[what]
	if !ok {
		return nil
	}
	return func(desk.View) *banner { return &b }
}

// approved says whether the approval was the one that counts.
func approved(v desk.View) *banner {
	r, needed := v.Request, v.Workspace.Policy.WithDefaults().Reviewers
	if r.Stage != airlock.InReview {
		return &banner{"good", "Your decision is recorded: approved", []string{"The files are copied across and verified; then the requester gets a mail."}}
	}
	given := 0
	for _, x := range r.Reviews {
		if x.Turn == r.Turn && x.Decision == "approved" {
			given++
		}
	}
	return &banner{"good", fmt.Sprintf("Your approval is recorded: %d of %d", given, needed),
		[]string{"Nothing is released before everybody who is needed has approved."}}
}

// asQuery is a query with those of the named values that are not empty.
func asQuery(pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}
