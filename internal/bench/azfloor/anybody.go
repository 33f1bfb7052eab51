package azfloor

import (
	"context"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// Anybody is a credential that the stand-in of Resource Manager lets in.
type Anybody struct{}

// GetToken implements azcore.TokenCredential.
func (Anybody) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "00000000-0000-4000-8000-00000000000e", ExpiresOn: time.Now().Add(time.Hour)}, nil
}
