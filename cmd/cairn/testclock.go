//go:build testclock

package main

import (
	"os"
	"time"
)

// clock returns a clock that stands at $CAIRN_TEST_NOW, for tests of the binary.
func clock() func() time.Time {
	t, err := time.Parse(time.RFC3339, os.Getenv("CAIRN_TEST_NOW"))
	if err != nil {
		return time.Now
	}
	return func() time.Time { return t }
}
