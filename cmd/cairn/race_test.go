//go:build race

package main

// raced says that the tests run under the race detector, which sees nothing of the
// real binary that they start: what only drives that runs without it.
const raced = true
