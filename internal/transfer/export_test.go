package transfer

// Explain is for tests.
var Explain = explain
