package azblobs

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

const (
	// clockSkew is how long before now a link begins, because clocks differ.
	// https://learn.microsoft.com/azure/storage/common/storage-sas-overview#best-practices-when-using-sas
	clockSkew = 15 * time.Minute
	// maxKeyLife is the longest that a user delegation key, and so any link it
	// signs, may last from now.
	// https://learn.microsoft.com/rest/api/storageservices/get-user-delegation-key
	maxKeyLife = 7 * 24 * time.Hour
	// defaultKeyLife signs a working morning's links of an hour with one
	// request. Whoever revokes the account's keys has links that still name
	// the old one for no longer.
	defaultKeyLife = 4 * time.Hour
)

// Grant is what a link allows.
type Grant struct {
	Place       airlock.Place
	Blob        string // "": the whole container
	Permissions string // letters of a shared access signature, such as "rl"
	Until       time.Time
}

// Sign returns the URL of the container or blob with a signature that allows
// the grant from 15 minutes ago, over https alone where the account is reached
// so. ErrAccount: no such account; airlock.ErrInvalid: the grant lasts longer
// than a user delegation key can.
// https://learn.microsoft.com/rest/api/storageservices/create-user-delegation-sas
func (a *Accounts) Sign(ctx context.Context, g Grant) (string, error) {
	found, err := a.find(g.Place.Account)
	if err != nil {
		return "", err
	}
	now := a.config.Now().UTC()
	values := sas.BlobSignatureValues{
		Permissions: g.Permissions, ContainerName: g.Place.Container, BlobName: g.Blob,
		StartTime: now.Add(-clockSkew), ExpiryTime: g.Until.UTC(),
	}
	place := found.client.NewContainerClient(g.Place.Container).URL()
	if strings.HasPrefix(place, "https://") {
		values.Protocol = sas.ProtocolHTTPS
	}
	if g.Blob != "" {
		place += "/" + EscapeName(g.Blob)
	}
	signature, err := a.signature(ctx, found, values, now)
	if err != nil {
		return "", err
	}
	return place + "?" + signature.Encode(), nil
}

func (a *Accounts) signature(ctx context.Context, found *account, v sas.BlobSignatureValues, now time.Time) (sas.QueryParameters, error) {
	if found.key != nil {
		return v.SignWithSharedKey(found.key)
	}
	if v.ExpiryTime.After(now.Add(maxKeyLife)) {
		return sas.QueryParameters{}, fmt.Errorf("link until %s: at most 7 days: %w", v.ExpiryTime.Format(time.RFC3339), airlock.ErrInvalid)
	}
	key, err := found.keys.get(ctx, found.client, lifetime{now: now, until: v.ExpiryTime, life: min(a.config.KeyLife, maxKeyLife)})
	if err != nil {
		return sas.QueryParameters{}, fmt.Errorf("user delegation key: %w", Translate(err))
	}
	return v.SignWithUserDelegation(key)
}

// delegation is an account's user delegation key, kept while it outlasts what
// it is to sign.
type delegation struct {
	mu  sync.Mutex
	key *service.UserDelegationCredential
	end time.Time
}

// lifetime is how long a key must last, and how long it should.
type lifetime struct {
	now, until time.Time
	life       time.Duration
}

func (d *delegation) get(ctx context.Context, client *service.Client, l lifetime) (*service.UserDelegationCredential, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.key != nil && !d.end.Before(l.until) && d.end.After(l.now) {
		return d.key, nil
	}
	end := l.now.Add(l.life)
	if end.Before(l.until) {
		end = l.until
	}
	key, err := client.GetUserDelegationCredential(ctx, service.KeyInfo{
		Start: to.Ptr(l.now.Add(-clockSkew).Format(sas.TimeFormat)), Expiry: to.Ptr(end.Format(sas.TimeFormat)),
	}, nil)
	if err != nil {
		return nil, err
	}
	d.key, d.end = key, end.Truncate(time.Second)
	return key, nil
}

// EscapeName percent-encodes a blob's name for a URL path: all bytes but the
// unreserved ones of RFC 3986 and the slashes between folders, so that no
// reader takes a "+" for a space or a ";" for an end.
func EscapeName(name string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-_.~/", c) >= 0:
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}
