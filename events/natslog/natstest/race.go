//go:build race

package natstest

// Raced says that the tests run under the race detector. It sees nothing of the
// nodes, which are processes of their own, and makes them slow: what waits for them
// more than it runs code of ours is left to runs without it.
const Raced = true
