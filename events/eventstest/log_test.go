package eventstest_test

import (
	"testing"

	"go.uber.org/goleak"

	"cairn/events"
	"cairn/events/eventstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestLog(t *testing.T) {
	eventstest.RunLogTests(t, func(*testing.T) events.Log { return eventstest.NewLog() })
}
