// Package child ties processes that we start to ours: they do not get the
// signals of our terminal, because we end them in our own order, and they do
// not outlive us, as far as the system can be asked for that.
package child
