// Package api is the HTTP door: commands and views under /api/v1, described by an
// OpenAPI document that is made from the code.
//
// For most uses, give an [app.Shared] to [New] and serve what it returns.
//
// Every answer about a checklist says in Cairn-Seq up to which position it
// holds. A request with Cairn-Min-Seq waits for that position, so that whoever
// was told of a change sees it on any server.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"cairn/events"
	"cairn/server/app"
)

// Backend is what the door opens to.
type Backend interface {
	app.App
	// Wait returns when the views hold what the log does up to seq, or with
	// context.DeadlineExceeded when within is over.
	Wait(ctx context.Context, seq events.Seq, within time.Duration) error
	// Last asks the log itself for the position of its last event. Where the log has
	// several replicas, that may be an old answer.
	Last(ctx context.Context) (events.Seq, error)
	// Reported returns a position that nothing lies behind which any server reported
	// before the call: of a checklist, or of the whole log for "".
	Reported(ctx context.Context, name string) (events.Seq, error)
	// Confirm makes sure that every later Reported, on any server, includes what an
	// answer holds: of a checklist up to its event at seq, or for "" all that was
	// read here.
	Confirm(ctx context.Context, name string, seq events.Seq) error
	// Feed is what keeps the views current.
	Feed() *app.Feed
}

// Config has what the door needs besides. Its zero value is usable.
type Config struct {
	// Version is told to clients.
	Version string
	// Now is the clock; nil is the system's.
	Now func() time.Time
	// Gate says who asks; nil lets everybody do everything.
	Gate Gate
	// Trust is what shows that the log is what it was; nil shows nothing.
	Trust Trust
	// Log takes a line about each request; nil is nothing.
	Log *slog.Logger
	// Metrics takes the figures; nil is metrics of its own. Metrics are of one door.
	Metrics *Metrics
	// May says whether whoever sent a request may see the events of a checklist, or
	// of the log itself, for "". It is asked for each event of a feed, so that a
	// change takes effect at once; an error ends the feed. Nil asks Gate.
	May func(ctx context.Context, checklist string) (bool, error)
	// Stopping is closed when the server stops: feeds, which have no end of their
	// own, end then. Nil is never.
	Stopping <-chan struct{}
	// Heartbeat is how often a feed says something where there is nothing to say, 15 s
	// by default; Stall is how long its reader may take nothing, 60 s by default.
	Heartbeat, Stall time.Duration

	onRoute func(pattern string) // a test hears of each route
}

// routes is a mux that tells what is added to it.
type routes struct {
	http.ServeMux
	added func(pattern string)
}

// HandleFunc adds a route.
func (m *routes) HandleFunc(pattern string, h func(http.ResponseWriter, *http.Request)) {
	if m.added != nil {
		m.added(pattern)
	}
	m.ServeMux.HandleFunc(pattern, h)
}

// waitForSeq is how long a request waits for the position it asked for.
const waitForSeq = 2 * time.Second

// MaxDocument is the size of the largest request, which brings a document.
const MaxDocument = 24 << 20

// maxForm is the size of a request that brings a few words.
const maxForm = 64 << 10

type door struct {
	app    Backend
	gate   Gate
	trust  Trust
	now    func() time.Time
	config Config
	heavy  limiter

	metrics *Metrics
	streams atomic.Int64 // how many read the feed
}

// New returns the door. It is safe for concurrent use.
func New(a Backend, c Config) http.Handler {
	ourProblems()
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Gate == nil {
		c.Gate = open{}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Metrics == nil {
		c.Metrics = NewMetrics()
	}
	if c.May == nil {
		c.May = mayNow(c.Gate)
	}
	d := &door{
		app: a, gate: c.Gate, trust: c.Trust, now: c.Now, config: c,
		heavy: newLimiter(max(4, 2*runtime.GOMAXPROCS(0)), heavyWait), metrics: c.Metrics,
	}
	c.Metrics.watch(d)
	mux := &routes{added: c.onRoute}
	config := huma.DefaultConfig("Cairn", c.Version)
	config.Info.Description = description
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", "" // those of huma are open to everybody
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	config.CreateHooks = nil // no $schema in the answers: they are those of --json
	config.RejectUnknownQueryParameters = true
	config.OnAddOperation = append(config.OnAddOperation, func(_ *huma.OpenAPI, op *huma.Operation) {
		if _, ok := rightOf(op.OperationID); !ok {
			panic("api: nobody said who may " + op.OperationID)
		}
	})
	api := humago.New(mux, config)
	api.UseMiddleware(d.guard(api))
	d.about(api)
	d.commands(api)
	d.history(api)
	d.checklists(api)
	d.views(api)
	d.logView(api)
	d.historyViews(api)
	d.events(api)
	d.publish(api)
	d.administration(api)
	d.whoami(api)
	if d.trust != nil {
		d.trusted(api)
	}
	d.feed(api)
	withoutUnprocessable(api.OpenAPI())
	d.health(mux)
	d.described(mux, api)
	d.pages(mux, api)
	mux.HandleFunc(everywhere, nowhere(&mux.ServeMux))
	h := d.staleHeader(mux)
	if d.trust != nil {
		h = treeHeader(d.trust, h)
	}
	return observe(patiently(guard(smaller(h))), c.Log, c.Metrics)
}

// withoutUnprocessable takes 422 out of what operations answer: what fits no
// operation is 400 here, and only a command can have the id of another.
func withoutUnprocessable(doc *huma.OpenAPI) {
	for path, item := range doc.Paths {
		for _, o := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if o != nil && !strings.Contains(path, "/commands/") && o.OperationID != "rotate-key" && o.OperationID != "arrive" {
				delete(o.Responses, "422")
			}
		}
	}
}

const description = `Commands and views of Cairn's checklists.

A command is POSTed to /checklists/{checklist}/commands/{Command} and answers with the events that
it recorded. Give it an Idempotency-Key (a UUID) to be able to send it again: it happens once. With If-Match it is refused
unless the resource still has that ETag.

Who asks says so with a token, Authorization: Bearer TOKEN: cairn user add and cairn token create give one. While a
log has no users, its own machine reads without; what changes it needs the secret that stands in server.json in the
directory of the log.

Answers say in Cairn-Seq which position of the log they hold; a request with Cairn-Min-Seq waits for it. While the log
cannot be reached, answers say in Cairn-Stale for how many seconds, and changes are refused with 503.`

// Consistent is what a read may ask for besides. It is exported as the fields of
// an embedded struct are not read otherwise.
type Consistent struct {
	MinSeq events.Seq `header:"Cairn-Min-Seq" doc:"Wait up to 2 s until the views hold this position of the log; else 503"`
	Fresh  bool       `query:"fresh" doc:"Ask first what any server reported: the answer holds everything that was acknowledged before the request, and no later fresh answer holds less"`
}

// footing is what an answer rests on.
type footing struct {
	d     *door
	name  string // the checklist that it is about, "" for all
	fresh bool
	last  events.Seq // what was reported when the request came
}

// settle waits until the views are as a request wants them that is about a
// checklist, or about more than one for "".
func (d *door) settle(ctx context.Context, c Consistent, name string) (footing, error) {
	f := footing{d: d, name: name, fresh: c.Fresh}
	if c.Fresh {
		var err error
		if f.last, err = d.app.Reported(ctx, name); err != nil {
			return f, err
		}
	}
	return f, d.reach(ctx, max(c.MinSeq, f.last))
}

// told is called with an answer, which holds seq, before it is given: whoever asks
// for a fresh one afterwards, on any server, must not see less.
func (f footing) told(ctx context.Context, seq events.Seq) error {
	if !f.fresh || f.name != "" && seq <= f.last {
		return nil
	}
	return f.d.app.Confirm(ctx, f.name, seq)
}

// reach waits until the views hold a position.
func (d *door) reach(ctx context.Context, seq events.Seq) error {
	if seq == 0 {
		return nil
	}
	err := d.app.Wait(ctx, seq, waitForSeq)
	if err != nil && ctx.Err() == nil {
		p := problem(http.StatusServiceUnavailable, "unavailable", 6, "this server has not come to @"+strconv.FormatUint(uint64(seq), 10)+" yet")
		p.retry = 1
		return p.hinted("Try again.")
	}
	return err
}

// server is what a server says of itself.
type server struct {
	Schema  int        `json:"schema"`
	Kind    string     `json:"kind"`
	Version string     `json:"version"`
	Origin  string     `json:"origin" doc:"The name of the log, unique among all logs"`
	Seq     events.Seq `json:"seq" doc:"The position of the last event"`
	Stale   *int       `json:"stale" doc:"For how many seconds the log has been out of reach; null if it is not"`
	// What follows is for who remembers the log.
	Tree        *tree      `json:"tree" doc:"How far the log reaches"`
	Checkpoint  *string    `json:"checkpoint" doc:"The same, signed"`
	Consistency [][]string `json:"consistency" doc:"For each size in from, the proof that the log goes on from there"`
}

func (d *door) about(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "server", Method: http.MethodGet, Path: "/api/v1", Summary: "What server this is, and how far its log reaches",
		Tags: []string{"server"}, Errors: []int{400, 401, 503},
	}, func(ctx context.Context, in *struct {
		Consistent
		From []uint64 `query:"from" maxItems:"4" doc:"Prove that the log goes on from these sizes"`
	}) (*struct {
		Seq  events.Seq `header:"Cairn-Seq"`
		Body server
	}, error,
	) {
		on, err := d.settle(ctx, in.Consistent, "")
		if err != nil {
			return nil, problemOf(err)
		}
		out := &struct {
			Seq  events.Seq `header:"Cairn-Seq"`
			Body server
		}{Seq: d.app.End()}
		if err := on.told(ctx, out.Seq); err != nil {
			return nil, problemOf(err)
		}
		out.Body = server{Schema: 1, Kind: "server", Version: api.OpenAPI().Info.Version, Origin: d.app.Origin(), Seq: out.Seq, Consistency: [][]string{}}
		if since, stale := d.stale(); stale {
			seconds := int(since / time.Second)
			out.Body.Stale = &seconds
		}
		if d.trust == nil {
			return out, nil
		}
		g, err := d.trust.Greeting(ctx, in.From)
		if err != nil {
			return nil, trustProblem(err)
		}
		out.Body.Tree = &tree{g.Tree.N, g.Tree.Root.String()}
		if g.Signed != nil {
			signed := string(g.Signed)
			out.Body.Checkpoint = &signed
		}
		for _, hashes := range g.Proofs {
			out.Body.Consistency = append(out.Body.Consistency, encoded(hashes))
		}
		return out, nil
	})
}
