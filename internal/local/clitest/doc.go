// Package clitest runs every command of tre against the whole local system, as
// people and scripts do.
package clitest
