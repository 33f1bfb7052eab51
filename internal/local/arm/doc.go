// Package arm stands in for Azure Resource Manager on one machine: deployment stacks that really deploy their
// templates, deployments, resource groups, resources, virtual machines and their metrics, behind the SDK's own fake
// servers, with long-running operations that are polled as in Azure, and failures on demand. Everything is kept in
// memory; what a stack makes exists here and nowhere else. It must never be reachable from outside.
//
// The fakes parse requests and print answers; what they do for long-running operations (a canned list of answers) is
// not used, because Azure's operations outlive requests, can be forgotten, and carry errors with details.
// What it imitates: https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations
package arm
