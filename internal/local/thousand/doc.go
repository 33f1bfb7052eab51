// Package thousand proves that a request of a thousand files goes through
// everything, and a hundred workspaces that are asked for at once, on a stack of
// its own whose sweep looks as seldom as in Azure. It holds nothing but tests.
package thousand
