package natslog

import (
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"cairn/events"
	"cairn/events/eventstest"
)

func TestEmbeddedLog(t *testing.T) {
	t.Parallel()
	eventstest.RunLogTests(t, func(t *testing.T) events.Log {
		l, _ := create(t)
		return l
	})
}

func TestConnectedLog(t *testing.T) {
	t.Parallel()
	eventstest.RunLogTests(t, func(t *testing.T) events.Log {
		return connect(t, runServer(t, t.TempDir()), Remote{Create: true})
	})
}

// runServer runs a NATS server with JetStream on a port of this machine.
func runServer(t testing.TB, dir string) *server.Server {
	t.Helper()
	return runServerAt(t, dir, server.RANDOM_PORT)
}

func runServerAt(t testing.TB, dir string, port int) *server.Server {
	t.Helper()
	srv, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: port, NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: dir,
		JetStreamLimits: server.JSLimitOpts{MaxBatchSize: events.MaxBatch},
	})
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	if !srv.ReadyForConnections(10 * time.Second) {
		t.Fatal("the server does not start")
	}
	t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
	return srv
}

func connect(t testing.TB, srv *server.Server, r Remote) *Log {
	t.Helper()
	l, err := Connect(t.Context(), srv.ClientURL(), r)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return l
}
