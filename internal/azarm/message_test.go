package azarm_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/trefoil-tre/trefoil/internal/azarm"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// cores is what Compute says of a quota.
// https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-resource-quota
const cores = "Operation could not be completed as it results in exceeding approved standardDSv5Family Cores quota. Additional details - Deployment Model: Resource Manager, Location: westeurope, Current Limit: 10, Current Usage: 8, Additional Required: 4, (Minimum) New Limit Required: 12."

// policy is what a policy says.
// https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-policy-requestdisallowedbypolicy
const policy = `Resource 'stx' was disallowed by policy. Policy identifiers: '[{"policyAssignment":{"name":"Allowed regions","id":"/subscriptions/s/providers/Microsoft.Authorization/policyAssignments/p"}}]'.`

func TestInnermost(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, body, code, message string
		class                     workspace.Class
	}{
		{name: "a stack whose deployment met a quota", code: "QuotaExceeded", message: cores, class: workspace.Final,
			body: `{"error":{"code":"DeploymentStackDeploymentFailed","message":"One or more resources could not be deployed. Correlation id: '1'.","details":[
				{"code":"DeploymentFailed","message":"At least one resource deployment operation failed. Please list deployment operations for details. Please see https://aka.ms/arm-deployment-operations for usage details.","details":[
				{"code":"Conflict","message":"{\r\n  \"status\": \"Failed\",\r\n  \"error\": {\r\n    \"code\": \"ResourceDeploymentFailure\",\r\n    \"message\": \"The resource write operation failed to complete successfully, because it reached terminal provisioning state 'Failed'.\",\r\n    \"details\": [{\"code\": \"OperationNotAllowed\", \"message\": \"` + cores + `\"}]\r\n  }\r\n}"}]}]}}`},
		{name: "a quota found before the deployment begins", code: "QuotaExceeded", message: cores, class: workspace.Final,
			body: `{"error":{"code":"InvalidTemplateDeployment","message":"The template deployment 'x' is not valid according to the validation procedure. The tracking id is '1'. See inner errors for details.","details":[{"code":"QuotaExceeded","message":"` + cores + `"}]}}`},
		{name: "a policy", code: "RequestDisallowedByPolicy", message: policy, class: workspace.Final,
			body: `{"error":{"code":"InvalidTemplateDeployment","message":"The template deployment failed because of policy violation. Please see details for more information.","details":[{"code":"RequestDisallowedByPolicy","target":"stx","message":` + quoted(policy) + `,"additionalInfo":[{"type":"PolicyViolation","info":{"message":"not this one"}}]}]}}`},
		{name: "a deployment in a deployment", code: "StorageAccountAlreadyTaken", message: "The storage account named stx is already taken.", class: workspace.Final,
			body: `{"status":"Failed","error":{"code":"DeploymentFailed","message":"At least one resource deployment operation failed.","details":[{"code":"Conflict","message":"{\"status\":\"Failed\",\"error\":{\"code\":\"ResourceDeploymentFailure\",\"message\":\"The resource operation completed with terminal provisioning state 'Failed'.\",\"details\":[{\"code\":\"DeploymentFailed\",\"message\":\"At least one resource deployment operation failed.\",\"details\":[{\"code\":\"Conflict\",\"message\":\"{\\\"error\\\":{\\\"code\\\":\\\"StorageAccountAlreadyTaken\\\",\\\"message\\\":\\\"The storage account named stx is already taken.\\\"}}\"}]}]}}"}]}}`},
		{name: "an operation's status message", code: "VaultAlreadyExists", message: "The name 'kv-x' is already in use.", class: workspace.Final,
			body: `{"properties":{"provisioningState":"Failed","statusCode":"Conflict","statusMessage":{"error":{"code":"VaultAlreadyExists","message":"The name 'kv-x' is already in use."}}}}`},
		{name: "a word before the JSON, a correlation id after it", code: "SkuNotAvailable", message: "The requested size is not available in westeurope.", class: workspace.Final,
			body: `{"error":{"code":"BadRequest","message":"Provider said: {\"error\":{\"code\":\"SkuNotAvailable\",\"message\":\"The requested size is not available in westeurope.\"}} CorrelationId: 1"}}`},
		{name: "a stack out of sync says so whatever is inside", code: "DeploymentStackOutOfSync", message: "Resource x is not as the stack knows it.", class: workspace.Final,
			body: `{"error":{"code":"DeploymentStackOutOfSync","message":"The stack is not in sync.","details":[{"code":"Conflict","message":"Resource x is not as the stack knows it."}]}}`},
		{name: "a deletion that failed", code: "DeploymentStackDeleteResourcesFailed", message: "Vault x has items that were deleted softly.", class: workspace.Final,
			body: `{"error":{"code":"DeploymentStackDeleteResourcesFailed","message":"One or more resources could not be deleted."},"details":[{"code":"BadRequest","message":"One"},{"error":{"code":"CannotDelete","message":"Vault x has items that were deleted softly."}}]}`},
		{name: "a code inside without words", code: "ObjectIsDeletedButRecoverable", message: "Secret x is currently deleted.", class: workspace.Final,
			body: `{"error":{"code":"Conflict","message":"Secret x is currently deleted.","innererror":{"code":"ObjectIsDeletedButRecoverable"}}}`},
		{name: "the first of several that are as deep", code: "A", message: "first", class: workspace.Final,
			body: `{"error":{"code":"X","message":"x","details":[{"code":"A","message":"first"},{"code":"B","message":"second"}]}}`},
		{name: "names of fields in any case", code: "A", message: "first", class: workspace.Final,
			body: `{"Error":{"Code":"X","Message":"x","Details":[{"Code":"A","Message":"first"}]}}`},
		{name: "a role that is young", code: "AuthorizationFailed", message: "The client does not have authorization.", class: workspace.Final,
			body: `{"error":{"code":"DeploymentFailed","message":"x","details":[{"code":"AuthorizationFailed","message":"The client does not have authorization."}]}}`},
		{name: "an allocation that may succeed later", code: "AllocationFailed", message: "We do not have sufficient capacity.", class: workspace.Passing,
			body: `{"error":{"code":"DeploymentFailed","message":"x","details":[{"code":"AllocationFailed","message":"We do not have sufficient capacity."}]}}`},
		{name: "other braces are words", code: "A", message: "name {x} is not allowed", class: workspace.Final, body: `{"error":{"code":"A","message":"name {x} is not allowed"}}`},
		{name: "nothing", message: "Azure gave no reason", class: workspace.Final, body: ``},
		{name: "no JSON", message: "Azure gave no reason", class: workspace.Final, body: `<html>`},
		{name: "of no shape", message: "Azure gave no reason", class: workspace.Final, body: `{"error":[1,"x",{"details":"y"}],"code":{},"message":7}`},
		{name: "deeper than anybody reads", message: "Azure gave no reason", class: workspace.Final, body: strings.Repeat(`{"error":`, 5000) + `{"code":"X","message":"x"}` + strings.Repeat(`}`, 5000)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := azarm.Broken([]byte(tt.body))
			if got.Code != tt.code || got.Message != tt.message || got.Class != tt.class {
				t.Errorf("class %d, %s: %s\nwant class %d, %s: %s", got.Class, got.Code, got.Message, tt.class, tt.code, tt.message)
			}
		})
	}
}

func quoted(text string) string {
	return `"` + strings.ReplaceAll(text, `"`, `\"`) + `"`
}

func TestClean(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, message, want string }{
		{"plain words", "The name is taken.", "The name is taken."},
		{"lines and tabs are spaces", "one\r\n\ttwo\x00three", "one two three"},
		{"a signed link keeps its address", "cannot read https://stx.blob.core.windows.net/c/b?sv=2024&sig=abc%2Bd%3D now", "cannot read https://stx.blob.core.windows.net/c/b?… now"},
		{"a signature alone", "query sv=1&sig=abc%2Bd%3D&se=2", "query sv=1&sig=…&se=2"},
		{"a token", "header Bearer abc.def-ghi refused", "header … refused"},
		{"a JWT", "token eyJhbGciOiJSUzI1NiJ9.eyJvaWQiOiIxIn0.c2lnbmF0dXJl refused", "token … refused"},
		{"an account key", "DefaultEndpointsProtocol=https;AccountName=x;AccountKey=abc/+==;EndpointSuffix=core", "DefaultEndpointsProtocol=https;AccountName=x;AccountKey=…;EndpointSuffix=core"},
		{"a password in JSON", `parameter {"adminPassword": "hunter 2", "x": 1}`, `parameter {"adminPassword": …, "x": 1}`},
		{"a password", "admin_password=hunter2, next", "admin_password=…, next"},
		{"words about a password", "The supplied password must be 12 characters long.", "The supplied password must be 12 characters long."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := azarm.Clean(tt.message); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
	long := azarm.Clean(strings.Repeat("ä", 5000))
	if utf8.RuneCountInString(long) != 1000 || !strings.HasSuffix(long, "…") {
		t.Errorf("%d characters", utf8.RuneCountInString(long))
	}
}

func FuzzBroken(f *testing.F) {
	f.Add([]byte(`{"error":{"code":"X","message":"{\"error\":{}}","details":[{}]}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got := azarm.Broken(body)
		if got.Message == "" || utf8.RuneCountInString(got.Message) > 1000 || strings.ContainsAny(got.Message, "\r\n\x00") {
			t.Errorf("message %q", got.Message)
		}
	})
}
