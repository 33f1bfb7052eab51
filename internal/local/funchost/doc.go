// Package funchost runs a staged Functions app (host.json, the handler binary
// and one folder with a function.json a function) on one machine, the way the
// Azure Functions host runs it with a custom handler: it starts and restarts
// the handler process, listens to storage queues, timers, HTTP and the Event
// Grid webhook, calls the handler with the host's own JSON protocol, and
// writes what it answers to its output bindings.
//
// It is a stand-in for laptops and tests. What it does is checked against
// recordings of the real host (testdata/golden, see its README) and follows
// https://learn.microsoft.com/azure/azure-functions/functions-custom-handlers
// and the sources of github.com/Azure/azure-functions-host. Left out:
// blobTrigger, input bindings, output bindings other than queue and http,
// identity-based storage connections, scaling.
package funchost
