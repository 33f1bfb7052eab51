// Package repo holds tests about the repository itself: who may import whom,
// that packages and settings are documented, that files stay small, that what
// the README says exists.
package repo
