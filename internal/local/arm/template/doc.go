// Package template evaluates ARM templates: parameters, variables, copies, conditions, nested deployments with a
// scope of their own, references and outputs. What it makes of a template is compared with the compiler's own
// snapshots. It changes nothing; the World that it asks tells what exists and what providers add.
// Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/syntax
package template
