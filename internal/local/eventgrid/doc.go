// Package eventgrid stands in for Azure Event Grid on one machine: topics that take events from azeventgrid
// clients over TLS, subscriptions with filters, the webhook handshake, the retry schedule, dead letters, and the
// service's unkindness (late, shuffled, doubled, refused at first) on demand under a seed.
// What it imitates: https://learn.microsoft.com/azure/event-grid/delivery-and-retry
package eventgrid
