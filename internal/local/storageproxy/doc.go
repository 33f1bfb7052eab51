// Package storageproxy holds what stands between a client and an emulated storage service: a reverse proxy that
// changes no byte of what is signed, the signatures themselves, storage's own error answers, and faults on demand.
// The storage gateway is built on it; queues and tables use it as it is (Faulty) when a test wants them unkind.
package storageproxy
