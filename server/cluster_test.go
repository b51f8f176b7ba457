package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"cairn/events"
	"cairn/events/natslog"
	"cairn/events/natslog/natstest"
	"cairn/projections"
	"cairn/projections/checklist"
	"cairn/server"
	"cairn/server/api/client"
	"cairn/server/commands"
	"cairn/server/commands/commandstest"
)

func TestMain(m *testing.M) {
	if natstest.Main() {
		return
	}
	os.Exit(m.Run())
}

// far is a server as clients on other machines see it: by requests, half of the
// commands through the client of the command line.
type far struct {
	url, secret string
	http        *http.Client
	app         *client.App
	turn        *atomic.Int64
}

// problem is what a server says went wrong.
type problem struct{ Code, Detail string }

func (f far) Execute(ctx context.Context, id, name string, cmd commands.Command) (commandstest.Answered, error) {
	if f.turn.Add(1)%2 == 0 {
		out, err := f.app.Execute(ctx, commands.Meta{ID: id, Checklist: name, Actor: events.Actor{ID: "ada"}}, cmd)
		return commandstest.Answered{Seq: out.Seq, Changed: len(out.Events) > 0}, err
	}
	body, err := json.Marshal(cmd)
	if err != nil {
		return commandstest.Answered{}, err
	}
	var out struct {
		Seq    events.Seq
		Events []json.RawMessage
	}
	_, b, err := f.send(ctx, http.MethodPost, "/checklists/"+name+"/commands/"+cmd.Name(), body, "Content-Type", "application/json", "Idempotency-Key", id, "Cairn-Actor", "ada")
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	return commandstest.Answered{Seq: out.Seq, Changed: len(out.Events) > 0}, err
}

// Fresh asks for a view of the checklist, or reads its part of the log.
func (f far) Fresh(ctx context.Context, name string) (commandstest.Answered, error) {
	if f.turn.Add(1)%2 == 0 {
		return f.document(ctx, name, "?fresh=1")
	}
	_, b, err := f.send(ctx, http.MethodGet, "/log?fresh=1&checklist="+url.QueryEscape(name), nil)
	if err != nil {
		return commandstest.Answered{}, err
	}
	v := projections.NewView(checklist.Projection)
	for line := range bytes.Lines(b) {
		body, seq, err := events.Unsequenced(bytes.TrimSpace(line))
		if err != nil { // the last line says why there are no more
			return commandstest.Answered{}, fmt.Errorf("%w: %s", events.ErrUnavailable, line)
		}
		if err := v.Apply(events.Decode(seq, name, body)); err != nil {
			return commandstest.Answered{}, err
		}
	}
	var out commandstest.Answered
	err = v.Read(func(st *checklist.State) error { out = commandstest.Shown(st); return nil })
	return out, err
}

func (f far) Seen(ctx context.Context, name string, least events.Seq) (commandstest.Answered, error) {
	return f.document(ctx, name, "", "Cairn-Min-Seq", fmt.Sprint(least))
}

// document reads the document, in which the n-th task is that of the key n.
func (f far) document(ctx context.Context, name, query string, headers ...string) (out commandstest.Answered, err error) {
	h, b, err := f.send(ctx, http.MethodGet, "/checklists/"+name+"/document"+query, nil, headers...)
	if err != nil {
		return out, err
	}
	task := 0
	for line := range bytes.Lines(b) {
		if mark, ok := bytes.CutPrefix(line, []byte("- [")); ok {
			out.Marks[task] = mark[0]
			task++
		}
	}
	seq, err := strconv.ParseUint(h.Get("Cairn-Seq"), 10, 64)
	out.Seq = events.Seq(seq)
	return out, err
}

// send sends a request and returns an answer that is none about a problem.
func (f far) send(ctx context.Context, method, path string, body []byte, headers ...string) (http.Header, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, f.url+"/api/v1"+path, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+f.secret)
	for pair := range slices.Chunk(headers, 2) {
		req.Header.Set(pair[0], pair[1])
	}
	res, err := f.http.Do(req)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", events.ErrUnavailable, err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", events.ErrUnavailable, err)
	}
	if res.StatusCode == http.StatusOK {
		return res.Header, b, nil
	}
	var p problem
	if err := json.Unmarshal(b, &p); err != nil {
		return nil, nil, fmt.Errorf("%s %s: %s: %s", method, path, res.Status, b)
	}
	switch {
	case res.StatusCode == http.StatusServiceUnavailable || p.Code == "changed_meanwhile":
		return nil, nil, fmt.Errorf("%w: %s", events.ErrUnavailable, p.Detail)
	case res.StatusCode >= 500:
		return nil, nil, fmt.Errorf("%s %s: %s: %s", method, path, res.Status, b)
	}
	return nil, nil, &commands.Error{Code: commands.Code(p.Code), Message: p.Detail}
}

// serveOn runs a server over the given nodes until the test ends.
func serveOn(t *testing.T, account natstest.Account, nodes ...int) *server.Server {
	t.Helper()
	config := server.ServeConfig{
		Config: server.Config{State: t.TempDir()}, Place: server.Place{Dir: t.TempDir()},
		NATS: account.URL(nodes...), Replicas: 3, Listen: "127.0.0.1:0",
	}
	ctx, cancel := context.WithTimeout(t.Context(), natstest.Patience)
	defer cancel()
	s, err := server.NewServer(ctx, config)
	for errors.Is(err, events.ErrUnavailable) && ctx.Err() == nil {
		s, err = server.NewServer(ctx, config)
	}
	if err != nil {
		t.Fatal(err)
	}
	life, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(life) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return s
}

// Three servers over three nodes of NATS, whose leader is killed again and again:
// what clients are told over HTTP has an order for each checklist, plain reads do
// not go back and hold what the client knows of, nothing acknowledged is missing and
// nothing happened twice. CAIRN_FAULTS says how often; make cluster runs many, and
// then cuts off the leader and the others, and stops them for a while.
func TestClusterServers(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits for an election")
	}
	faults := []string{"kill"}
	if n, err := strconv.Atoi(os.Getenv("CAIRN_FAULTS")); err == nil {
		faults = append(slices.Repeat(faults, n), "cut", "pause", "cut others", "pause others")
	} else if natstest.Raced {
		t.Skip("waits for an election; the handlers are tried in the same way")
	}
	cluster := natstest.Start(t, natstest.Config{Accounts: 1})
	account := cluster.Account(t)
	var turn atomic.Int64
	var servers []commandstest.Server
	for i := range 3 {
		s := serveOn(t, account, i, (i+1)%3, (i+2)%3)
		wire := &http.Transport{MaxIdleConnsPerHost: 16}
		t.Cleanup(wire.CloseIdleConnections)
		// A server answers within its deadline of 15 s.
		c := &http.Client{Transport: wire, Timeout: time.Minute}
		a, err := client.Dial(t.Context(), client.Config{At: client.At{URL: s.URL, Token: s.Secret()}, HTTP: c})
		if err != nil {
			t.Fatal(err)
		}
		servers = append(servers, far{url: s.URL, secret: s.Secret(), http: c, app: a, turn: &turn})
	}
	c := commandstest.NewCampaign(servers...)
	c.Run(t, 8, natstest.Patience+time.Duration(len(faults))*time.Minute, func(ctx context.Context) {
		c.Faults(ctx, t, cluster, account, faults...)
	})
	if t.Failed() {
		return
	}
	log, err := natslog.Connect(t.Context(), account.URL(0, 1, 2), natslog.Remote{})
	for errors.Is(err, events.ErrUnavailable) && t.Context().Err() == nil {
		log, err = natslog.Connect(t.Context(), account.URL(0, 1, 2), natslog.Remote{})
	}
	if err != nil {
		t.Fatal(err)
	}
	c.Record(t, log).CheckAll(t)
	if err := log.Close(); err != nil {
		t.Error(err)
	}
}
