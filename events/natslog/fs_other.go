//go:build !linux

package natslog

// onNetwork is only known on Linux.
func onNetwork(string) string { return "" }
