// Package azlogin gets tokens for a program that runs in Azure and signs in with
// its managed identity.
package azlogin

import (
	"context"
	"fmt"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// Token returns an access token of the machine's managed identity for the
// scope, and when it ends. clientID names a user-assigned identity; "" means
// the machine's own.
// https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/overview
func Token(ctx context.Context, clientID, scope string) (string, time.Time, error) {
	var options azidentity.ManagedIdentityCredentialOptions
	if clientID != "" {
		options.ID = azidentity.ClientID(clientID)
	}
	credential, err := azidentity.NewManagedIdentityCredential(&options)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("managed identity: %w", err)
	}
	token, err := credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{scope}})
	if err != nil {
		return "", time.Time{}, fmt.Errorf("managed identity: %w", err)
	}
	return token.Token, token.ExpiresOn, nil
}
