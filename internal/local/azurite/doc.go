// Package azurite runs Azurite, Microsoft's emulator of Azure Storage, as a child process: blobs, queues and
// tables for several accounts on free loopback ports. The child ends when its parent does, however the parent
// dies, so that neither `make run` nor a panicking test leaves one behind.
// Azurite: https://github.com/Azure/Azurite
package azurite
