package portal

import (
	"errors"
	"log/slog"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/desk/resources"
	"github.com/trefoil-tre/trefoil/internal/identity"
	"github.com/trefoil-tre/trefoil/internal/identity/signin"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace/address"
)

// What is wrong with a call before the desk is asked.
var (
	errNoPage  = errors.New("no such page")
	errSession = errors.New("no session")
	errSignIn  = errors.New("sign-in needed")
	errBusy    = errors.New("too many calls")
)

// fault is how a kind of trouble is told: what happened, and what to do.
type fault struct {
	is          error
	status      int
	title, lead string
	said        bool // the error's own words are for the person too
	signIn      bool // the way on is to sign in
}

// faults is the one table from what went wrong to the page that says so. The
// first that fits counts; what is not in it is trouble of ours that may pass.
var faults = []fault{
	{errNoPage, http.StatusNotFound, "There is no such page", "The address may be mistyped or old. Begin at your requests.", false, false},
	{errSession, http.StatusUnauthorized, "Your session has ended", "Nothing was changed. Sign in again, then do it once more.", false, true},
	{errSignIn, http.StatusUnauthorized, "Please sign in", "This page is for people who are signed in.", false, true},
	{errBusy, http.StatusTooManyRequests, "Too many pages in a short time", "Nothing was changed. Wait a moment, then do it again.", false, false},
	{errForeign, http.StatusForbidden, "This form did not come from the airlock", "Nothing was changed. Open the request in the portal and decide there.", false, false},
	{errToken, http.StatusForbidden, "This form belongs to another sign-in", "Nothing was changed. You have signed in anew since the page was opened: open it again and send it once more.", false, false},
	{errForm, http.StatusBadRequest, "The form could not be read", "Nothing was changed. It may be too long. Go back, shorten it, and send it again.", false, false},
	{signin.ErrDeclined, http.StatusForbidden, "The sign-in was declined", "Your organisation’s sign-in page said no, or you left it. Try again, or ask whoever runs this research environment for access.", false, true},
	{signin.ErrStale, http.StatusBadRequest, "This sign-in has ended", "It was started too long ago, in another browser, or is over. Start again.", false, true},
	{identity.ErrToken, http.StatusForbidden, "Your account is not known here", "You were signed in, but not with an account that this research environment takes. Try another one, or ask whoever runs it.", false, true},
	{identity.ErrUnavailable, http.StatusServiceUnavailable, "Nobody can be signed in now", "The sign-in service does not answer. Nothing is lost; try again in a minute.", false, true},
	{desk.ErrUnfit, http.StatusBadRequest, "It cannot be submitted yet", "Nothing was changed.", true, false},
	{desk.ErrDisabled, http.StatusConflict, "This workspace takes no airlock requests", "Its airlock is switched off. Ask the workspace’s owner.", false, false},
	{desk.ErrNotDeployed, http.StatusConflict, "This workspace is not ready yet", "Nothing was changed. Try again once it is deployed.", false, false},
	{resources.ErrNotSetUp, http.StatusConflict, "No workspace can be made here yet", "Nothing was changed. Ask whoever runs this research environment.", true, false},
	{provision.ErrSchema, http.StatusConflict, "It does not fit the template any more", "Nothing was changed. The template has another version now: reject it with that reason, or have the template mended.", true, false},
	{address.ErrFull, http.StatusConflict, "There is no address range left for it", "Nothing was changed. Delete a workspace that is not needed, or have the address space of this research environment made larger.", true, false},
	{address.ErrTaken, http.StatusConflict, "The address range is taken", "Nothing was changed.", true, false},
	{address.ErrInvalid, http.StatusUnprocessableEntity, "The address range cannot be used", "Nothing was changed.", true, false},
	{airlock.ErrFrozen, http.StatusConflict, "This workspace is frozen", "Nothing was changed. Ask whoever froze it, or the administrators.", true, false},
	{airlock.ErrRefused, http.StatusForbidden, "You may not do this", "Nothing was changed.", true, false},
	{airlock.ErrIllegal, http.StatusConflict, "The request has moved on", "Nothing was changed. Look at where it stands now, below or on its page.", true, false},
	{airlock.ErrConflict, http.StatusConflict, "The request changed while you looked", "Your answer was not recorded. Look at it as it is now, and decide again.", true, false},
	{airlock.ErrInvalid, http.StatusUnprocessableEntity, "Something in the form has to change", "Nothing was changed.", true, false},
	{airlock.ErrNotFound, http.StatusNotFound, "There is nothing here for you", "There is no such request, or it is not yours to see. Check the address, or ask the person who sent it.", false, false},
}

// retryAfter is when a browser may ask again after 503, in seconds: storage
// that throttles asks for about as much.
const retryAfter = "5"

var passing = fault{status: http.StatusServiceUnavailable, title: "The airlock cannot answer now",
	lead: "Nothing is lost. If you sent something it may have arrived: look at the request before you send it again, in a moment."}

// told is how an error is told to a person.
func told(err error) fault {
	for _, f := range faults {
		if errors.Is(err, f.is) {
			return f
		}
	}
	return passing
}

// banner is a message at the top of a page.
type banner struct {
	Kind  string // good, warn or bad: colour and mark; the words say it too
	Title string
	Text  []string
}

// banner is the fault as a message.
func (f fault) banner(err error) *banner {
	b := &banner{Kind: "bad", Title: f.title}
	if f.said {
		b.Text = append(b.Text, sentence(desk.Text(err)))
	}
	b.Text = append(b.Text, f.lead)
	return b
}

// notice is a page that says one thing and where to go from there.
type notice struct {
	frame
	Lead, Text string
	Written    string // what the person wrote, to be kept
	Links      []action
}

// action is a link to somewhere.
type action struct{ Label, To string }

// problem answers with a page that says what happened and what to do.
func (p *portal) problem(w http.ResponseWriter, r *http.Request, err error) {
	f := told(err)
	p.noteFault(w, r, f, err)
	n := notice{frame: p.frame(r, f.title), Lead: f.lead}
	if f.said {
		n.Text = sentence(desk.Text(err))
	}
	if errors.Is(err, errSession) || errors.Is(err, errBusy) { // sent from our own page: what was written there is not lost
		n.Written = text(r, "reason") + text(r, "justification")
	}
	to := about(r)
	switch {
	case f.signIn:
		n.Links = append(n.Links, action{"Sign in", p.base + "/signin?to=" + escapeQuery(p.inside(p.base+trimMount(to)))})
	case r.Method == http.MethodPost && to != r.URL.Path && f.status != http.StatusNotFound:
		n.Links = append(n.Links, action{"Open the page again", p.inside(p.base + trimMount(to))})
	}
	if !f.signIn {
		n.Links = append(n.Links, action{"Your requests", p.base + "/"})
	}
	p.show(w, r, "notice.html", f.status, n)
}

// about is the address of the page that a form is on.
func about(r *http.Request) string {
	switch at := r.URL.Path; {
	case r.Method != http.MethodPost:
		return at
	case r.PathValue("request") != "":
		return mount + "/workspaces/" + r.PathValue("workspace") + "/requests/" + r.PathValue("request")
	case r.PathValue("wanted") != "":
		return mount + "/workspace-requests/" + r.PathValue("wanted")
	case strings.HasPrefix(at, mount+"/standing-approvals/"):
		return mount + "/standing-approvals"
	case strings.HasPrefix(at, mount+"/workspaces/"+r.PathValue("workspace")+"/resources/"),
		r.PathValue("service") != "" && path.Base(at) != "new", r.PathValue("person") != "":
		return path.Dir(at)
	default:
		return at
	}
}

// noteFault logs what is our fault and tells the browser when to come again.
func (p *portal) noteFault(w http.ResponseWriter, r *http.Request, f fault, err error) {
	if f.status == http.StatusServiceUnavailable {
		p.Log.ErrorContext(r.Context(), "page failed", slog.Any("error", err))
		w.Header().Set("Retry-After", retryAfter)
		return
	}
	if errors.Is(err, errForeign) || errors.Is(err, errToken) || errors.Is(err, identity.ErrToken) {
		p.Log.WarnContext(r.Context(), "turned away", slog.String("why", err.Error()), slog.String("status", strconv.Itoa(f.status)))
	}
}
