package azstacks_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/trefoil-tre/trefoil/internal/azarm"
	"github.com/trefoil-tre/trefoil/internal/azstacks"
)

// identity has a token for everybody.
type identity struct{ err error }

func (i identity) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "t", ExpiresOn: time.Now().Add(time.Hour)}, i.err
}

// box seals tokens so that a test can look into them.
type box struct{}

func (box) Seal(value []byte) string { return "sealed " + string(value) }

func (box) Open(sealed string) ([]byte, error) {
	value, ok := strings.CutPrefix(sealed, "sealed ")
	if !ok {
		return nil, errors.New("not ours")
	}
	return []byte(value), nil
}

func open(t *testing.T, s *standin, change func(*azstacks.Config)) *azstacks.Stacks {
	t.Helper()
	c := azstacks.Config{Config: azarm.Config{Credential: identity{}, Transport: s, Pause: time.Microsecond, Sealer: box{}}, VaultID: vaultID, Excluded: []string{engine}}
	if change != nil {
		change(&c)
	}
	stacks, err := azstacks.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return stacks
}
