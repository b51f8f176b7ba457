//go:build !testclock

package main

import "time"

// clock returns the clock: the system's.
func clock() func() time.Time { return time.Now }
