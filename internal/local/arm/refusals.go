package arm

import (
	"net/http"
	"strings"
	"time"
)

// told is the error of a fault, in Azure's words.
func (f *Fault) told(c Call) *Error {
	if f.Error != nil {
		e := *f.Error
		return &e
	}
	if ofRequest[f.Kind] {
		return f.ofRequest(c)
	}
	return f.ofResource(c)
}

func (f *Fault) ofRequest(c Call) *Error {
	delay := f.Delay
	if delay == 0 {
		delay = time.Second
	}
	var e *Error
	switch f.Kind {
	case Throttled:
		e = refuse(http.StatusTooManyRequests, "TooManyRequests", "The request is being throttled as the limit has been reached for operation type - %s. "+
			"For more information, see - https://aka.ms/srpthrottlinglimits", c.Operation)
		e.RetryAfter = delay
	case Forbidden:
		e = forbidden(c)
	case Conflict:
		e = refuse(http.StatusConflict, "AnotherOperationInProgress", "Another operation on this or dependent resource is in progress. "+
			"To retrieve status of the operation use uri: %s.", c.ID)
		e.RetryAfter = delay
	case OutOfSync:
		e = outOfSync(c.ID)
	default:
		e = refuse(http.StatusInternalServerError, "InternalServerError", "Encountered internal server error. Diagnostic information: timestamp '', "+
			"subscription id '%s', tracking id '', request correlation id ''.", subscriptionOf(c.ID))
	}
	return e
}

// forbidden is said while a role assignment is not effective yet.
func forbidden(c Call) *Error {
	return refuse(http.StatusForbidden, "AuthorizationFailed", "The client '%s' with object id '%s' does not have authorization to perform action "+
		"'%s' over scope '%s' or the scope is invalid. If access was recently granted, please refresh your credentials.",
		c.Principal, c.Principal, c.Operation, c.ID)
}

// outOfSync is said of a stack whose list of resources may be wrong.
// Source: https://learn.microsoft.com/azure/azure-resource-manager/bicep/deployment-stacks#handle-the-stack-out-of-sync-error
func outOfSync(id string) *Error {
	return refuse(http.StatusConflict, "DeploymentStackOutOfSync", "The deployment stack '%s' may not have an accurate list of managed resources. "+
		"To ensure no resources are accidentally deleted, please check that the managed resource list does not have any additional values. "+
		"If there is any uncertainty, we recommend redeploying the stack with the same template and parameters as the current iteration. "+
		"To bypass this warning, please specify the 'BypassStackOutOfSyncError' flag.", id)
}

// ofResource are errors of providers. Quotas come as they do from compute: the reason is one level further in.
func (f *Fault) ofResource(c Call) *Error {
	name := c.ID[strings.LastIndexByte(c.ID, '/')+1:]
	switch f.Kind {
	case Quota:
		return refuse(http.StatusConflict, "OperationNotAllowed", "Operation could not be completed as it results in exceeding approved standardDSv5Family "+
			"Cores quota. Additional details - Deployment Model: Resource Manager, Location: westeurope, Current Limit: 10, Current Usage: 10, "+
			"Additional Required: 2, (Minimum) New Limit Required: 12. Setup Alerts when Quota reaches threshold.")
	case Policy:
		e := refuse(http.StatusForbidden, "RequestDisallowedByPolicy", "Resource '%s' was disallowed by policy. Policy identifiers: "+
			"'[{\"policyAssignment\":{\"name\":\"Allowed locations\"}}]'.", name)
		e.Target = name
		return e
	case DeletedVault:
		return vaultNameTaken()
	case NoCapacity:
		return refuse(http.StatusConflict, "AllocationFailed", "Allocation failed. We do not have sufficient capacity for the requested VM size in this region. "+
			"Read more about improving likelihood of allocation success at https://aka.ms/allocation-guidance")
	case Denied:
		return refuse(http.StatusForbidden, "LinkedAuthorizationFailed", "The client has permission to perform action '%s' on scope '%s', however the linked "+
			"subscription was not found or the client does not have permission to perform the linked action.", c.Type+"/"+c.Operation, c.ID)
	case InUse:
		return refuse(http.StatusBadRequest, "InUseSubnetCannotBeDeleted", "Subnet %s is in use by another resource and cannot be deleted. In order to delete "+
			"the subnet, delete all the resources within the subnet.", name)
	case VaultNotEmpty:
		return refuse(http.StatusBadRequest, "ServiceResourceNotEmptyWithBackendMessage", "Recovery Services vault cannot be deleted as there are backup items in "+
			"soft deleted state in the vault. The soft deleted items are permanently deleted after 14 days of delete operation.")
	default:
		return refuse(http.StatusInternalServerError, "InternalServerError", "An internal execution error occurred. Please retry later.")
	}
}

// vaultNameTaken is said of the name of a vault that was deleted softly.
func vaultNameTaken() *Error {
	return refuse(http.StatusConflict, "ConflictError", "A vault with the same name already exists in deleted state. You need to either recover or purge "+
		"existing key vault. Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more information on soft delete.")
}
