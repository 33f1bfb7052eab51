// Package scenario proves what the airlock is for from end to end: its tests
// drive the staged app under the host stand-in, on Azurite, over HTTP, with
// tokens, links and mails, as people do. It holds nothing but tests.
package scenario
