package main

import (
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/rogpeppe/go-internal/testscript"

	"cairn/events"
)

// jetStream runs an empty JetStream at the URL in $NATS until the script ends, for
// the user cairn with the password sesame.
func jetStream(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 0, "jetstream")
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true, Username: "cairn", Password: "sesame",
		JetStream: true, StoreDir: ts.MkAbs(".jetstream"), JetStreamLimits: server.JSLimitOpts{MaxBatchSize: events.MaxBatch},
	})
	ts.Check(err)
	s.Start()
	ts.Defer(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(10 * time.Second) {
		ts.Fatalf("JetStream does not start")
	}
	ts.Setenv("NATS", "nats://"+s.Addr().String())
}
