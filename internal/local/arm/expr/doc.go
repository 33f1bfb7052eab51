// Package expr is the expression language of ARM templates: what stands between the brackets of "[…]". It parses
// and evaluates, and knows the functions that need nothing but their arguments; whoever evaluates answers those that
// depend on where an expression stands, such as parameters or reference.
// Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-expressions
package expr
