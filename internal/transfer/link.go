package transfer

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"
)

const (
	// renewBefore is how long before its end a link is not used any more: a
	// request that began with it has to be let in before it ends.
	renewBefore = 2 * time.Minute
	// renewAgain is how soon a link that seems to have ended is renewed again.
	// It seems so on a machine whose clock is wrong.
	renewAgain = time.Minute
	// renewals is how often one request may find its link refused.
	renewals = 3
)

// Links hands out the link into a container, and renews it once for everybody
// who uses it.
type Links struct {
	Ask func(ctx context.Context) (string, error) // a fresh link, from the API
	Now func() time.Time

	mu    sync.Mutex
	link  string
	until time.Time // zero: it does not say
	asked time.Time
}

// Place is the container's address without the permission: no secret, and
// another one for each turn of a request.
func (l *Links) Place(ctx context.Context) (string, error) {
	link, err := l.current(ctx, "")
	if err != nil {
		return "", err
	}
	place, _, _ := cutQuery(link)
	return place, nil
}

// With calls do with a link, and again with a fresh one if it is refused.
func (l *Links) With(ctx context.Context, do func(link string) error) error {
	refused := ""
	for n := 0; ; n++ {
		link, err := l.current(ctx, refused)
		if err != nil {
			return err
		}
		err = do(link)
		if !errors.Is(err, ErrLink) {
			return err
		}
		if n == renewals {
			return fmt.Errorf("storage refuses a fresh link too: is this network one that the environment lets in? %w", err)
		}
		refused = link
	}
}

// current is the link, a fresh one if it was refused or is about to end.
func (l *Links) current(ctx context.Context, refused string) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.Now()
	ending := !l.until.IsZero() && now.Add(renewBefore).After(l.until) && now.Sub(l.asked) > renewAgain
	if l.link != "" && l.link != refused && !ending {
		return l.link, nil
	}
	link, err := l.Ask(ctx)
	if err != nil {
		return "", fmt.Errorf("link: %w", err)
	}
	_, query, ok := cutQuery(link)
	if !ok {
		return "", errors.New("link: the API gave none that can be used") // its text would be a secret
	}
	l.link, l.until, l.asked = link, expiry(query), now
	return link, nil
}

// expiry is when the link ends.
// https://learn.microsoft.com/rest/api/storageservices/create-user-delegation-sas#specify-the-signature-validity-interval
func expiry(query url.Values) time.Time {
	until, err := time.Parse(time.RFC3339, query.Get("se"))
	if err != nil {
		return time.Time{}
	}
	return until
}

func cutQuery(link string) (place string, query url.Values, ok bool) {
	parsed, err := url.Parse(link)
	if err != nil || parsed.Host == "" {
		return "", nil, false
	}
	query = parsed.Query()
	parsed.RawQuery, parsed.Fragment = "", ""
	return parsed.String(), query, true
}
