// Package chaos kills handlers and hosts of the staged app at random, on a
// storage and an Event Grid that are unkind, while requests of every kind run,
// and then proves that all of them ended right. It holds nothing but tests.
package chaos
