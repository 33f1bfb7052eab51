// Package observed tests what is told of the system while it runs: the whole
// stack, its health when parts of it break, and the traces and metrics that
// reach a collector.
package observed
