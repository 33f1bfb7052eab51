// Package thousand proves that a request of a thousand files goes through
// everything, on a stack of its own whose sweep looks as seldom as in Azure. It
// holds nothing but a test.
package thousand
