package azstacks

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"

	"github.com/trefoil-tre/trefoil/internal/azarm"
)

// detachVersion is the first version of the API that can leave behind what
// Azure cannot delete by itself, as a Key Vault's secrets and the settings of Defender: they go with what they belong
// to. Without it no stack that holds any can be deleted. The SDK speaks an
// older one.
// https://learn.microsoft.com/rest/api/resources/deployment-stacks/create-or-update-at-subscription
const detachVersion = "2025-07-01"

// What the newer version is told, and where.
const (
	detachField = "resourcesWithoutDeleteSupport"
	detachQuery = "unmanageAction.ResourcesWithoutDeleteSupport"
	detachWord  = "detach"
)

// detaching are the link's options with the policy.
func detaching(link azarm.Link) *arm.ClientOptions {
	o := *link.Options
	o.PerCallPolicies = append([]policy.Policy{detach{}}, o.PerCallPolicies...)
	return &o
}

// detach has a stack leave behind what cannot be deleted.
type detach struct{}

// Do changes what makes or deletes a stack, and nothing else.
func (detach) Do(req *policy.Request) (*http.Response, error) {
	raw := req.Raw()
	if !strings.Contains(raw.URL.Path, "/providers/Microsoft.Resources/deploymentStacks/") {
		return req.Next()
	}
	query := raw.URL.Query()
	switch raw.Method {
	case http.MethodPut:
		body, err := detached(raw.Body)
		if err != nil {
			return nil, fmt.Errorf("deployment stack: %w", err)
		}
		if err := req.SetBody(streaming.NopCloser(bytes.NewReader(body)), "application/json"); err != nil {
			return nil, fmt.Errorf("deployment stack: %w", err)
		}
	case http.MethodDelete:
		query.Set(detachQuery, detachWord)
	default:
		return req.Next()
	}
	query.Set("api-version", detachVersion)
	raw.URL.RawQuery = query.Encode()
	return req.Next()
}

// detached adds the wish to a stack. Everything else stays as it was written:
// numbers keep all their digits.
func detached(from io.Reader) ([]byte, error) {
	var stack, properties, action map[string]json.RawMessage
	text, err := io.ReadAll(from)
	if err == nil {
		err = json.Unmarshal(text, &stack)
	}
	if err == nil {
		err = json.Unmarshal(stack["properties"], &properties)
	}
	if err == nil {
		err = json.Unmarshal(properties["actionOnUnmanage"], &action)
	}
	if err != nil {
		return nil, err
	}
	action[detachField] = json.RawMessage(`"` + detachWord + `"`)
	if properties["actionOnUnmanage"], err = json.Marshal(action); err != nil {
		return nil, err
	}
	if stack["properties"], err = json.Marshal(properties); err != nil {
		return nil, err
	}
	return json.Marshal(stack)
}
