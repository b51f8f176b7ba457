package api

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"cairn/events"
	"cairn/events/merkle"
	"cairn/server/app"
	"cairn/server/commands"
	"cairn/server/trust"
)

// Trust is what the door needs so that it need not be believed.
type Trust interface {
	trust.Log
	// Greeting says how far the log reaches, signed where there is a key, and proves
	// that it goes on from what was seen of it.
	Greeting(ctx context.Context, seen []uint64) (trust.Greeting, error)
	// Tree returns how far the log is known to reach.
	Tree() merkle.Checkpoint
}

// tree is the root of the log's first n events.
type tree struct {
	N    uint64 `json:"n" doc:"How many events"`
	Root string `json:"root" doc:"The root of their Merkle tree (RFC 6962), in base64"`
}

// trusted are what a server shows of its log. All of it is checked by whoever
// asks: nothing here is to be believed.
func (d *door) trusted(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "key", Method: http.MethodGet, Path: "/api/v1/key", Summary: "The key that the log signs with",
		Tags: []string{"trust"}, Errors: []int{401, 503},
	}, func(ctx context.Context, _ *struct{}) (*struct{ Body key }, error) {
		verifier, err := d.trust.Key(ctx)
		if err != nil {
			return nil, trustProblem(err)
		}
		return d.keyOf(verifier, 0)
	})
	huma.Register(api, huma.Operation{
		OperationID: "rotate-key", Method: http.MethodPost, Path: "/api/v1/key/rotate", Summary: "Make a new key, for which the old one vouches",
		Tags: []string{"trust"}, SkipValidateBody: true, MaxBodyBytes: maxForm, BodyReadTimeout: 30 * time.Second, Errors: []int{400, 401, 403, 413, 415, 422, 503},
	}, d.rotateKey)
	api.OpenAPI().Paths["/api/v1/key/rotate"].Post.RequestBody = describe[rotation](api, map[string]any{"reason": "Ada left"})
	huma.Register(api, huma.Operation{
		OperationID: "checkpoint", Method: http.MethodGet, Path: "/api/v1/checkpoint", Summary: "A signed checkpoint of the log",
		Description: "A signed note (C2SP tlog-checkpoint).",
		Tags:        []string{"trust"}, Errors: []int{401, 503},
	}, func(ctx context.Context, in *Consistent) (*text, error) {
		on, err := d.settle(ctx, *in, "")
		if err != nil {
			return nil, problemOf(err)
		}
		signed, err := d.trust.Checkpoint(ctx)
		if err == nil {
			err = on.told(ctx, d.app.End())
		}
		return textOf(signed, err)
	})
	huma.Register(api, huma.Operation{
		OperationID: "proof", Method: http.MethodGet, Path: "/api/v1/proofs/{seq}", Summary: "The proof that an event is in the log",
		Description: "The event, its place, the way to the root and a signed checkpoint (C2SP tlog-proof); without the event for who may not see it.",
		Tags:        []string{"trust"}, Errors: []int{401, 403, 404, 503},
	}, func(ctx context.Context, in *struct {
		Seq events.Seq `path:"seq" doc:"The position of the event"`
	},
	) (*text, error) {
		p, err := d.trust.Prove(ctx, in.Seq)
		if err != nil {
			return nil, trustProblem(err)
		}
		if env, err := events.Unmarshal(p.Body); err != nil || !sees(identity(ctx), &env) {
			p.Body = nil // the rest is hashes
		}
		return textOf(p.Marshal(), nil)
	})
	huma.Register(api, huma.Operation{
		OperationID: "consistency", Method: http.MethodGet, Path: "/api/v1/proofs/consistency", Summary: "The proof that the log goes on from what it was",
		Description: "The hashes of the consistency proof of RFC 6962, section 2.1.2, between two sizes of the log.",
		Tags:        []string{"trust"}, Errors: []int{400, 401, 404, 503},
	}, func(ctx context.Context, in *struct {
		From uint64 `query:"from" required:"true" doc:"How many events the log had"`
		To   uint64 `query:"to" required:"true" doc:"How many it has"`
	},
	) (*struct{ Body consistency }, error) {
		hashes, err := d.trust.Consistency(ctx, in.From, in.To)
		if err != nil {
			return nil, trustProblem(err)
		}
		return &struct{ Body consistency }{consistency{1, "consistency", d.app.Origin(), in.From, in.To, encoded(hashes)}}, nil
	})
	huma.Register(api, huma.Operation{
		OperationID: "backup", Method: http.MethodGet, Path: "/api/v1/backup", Summary: "All events, and a signed checkpoint as the last line",
		Description: "What cairn backup writes. A line {\"error\":…} says that it is not all.",
		Tags:        []string{"trust"}, Errors: []int{401, 403, 503},
		Responses: map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{"application/x-ndjson": {}}}},
	}, func(ctx context.Context, _ *struct{}) (*huma.StreamResponse, error) {
		return &huma.StreamResponse{Body: func(hc huma.Context) {
			hc.SetHeader("Content-Type", "application/x-ndjson")
			hc.SetHeader("Content-Disposition", `attachment; filename="cairn.backup"`)
			w := bufio.NewWriterSize(hc.BodyWriter(), 64<<10)
			if _, err := d.trust.Backup(ctx, w, nil); err != nil {
				_, _ = w.Write(errorLine(trustProblem(err)))
			}
			w.Flush()
		}}, nil
	})
}

// text is an answer that is a file.
type text struct {
	Type string `header:"Content-Type"`
	Body []byte
}

func textOf(b []byte, err error) (*text, error) {
	if err != nil {
		return nil, trustProblem(err)
	}
	return &text{"text/plain; charset=utf-8", b}, nil
}

// key is the key of a log, as cairn key --json prints it.
type key struct {
	Schema      int        `json:"schema"`
	Kind        string     `json:"kind" example:"key"`
	Origin      string     `json:"origin" doc:"The name of the log"`
	Changed     bool       `json:"changed"`
	Seq         events.Seq `json:"seq" doc:"The event that announces the new key; else that of the log's last event"`
	Verifier    string     `json:"verifier" doc:"A note verifier"`
	Fingerprint string     `json:"fingerprint"`
}

func (d *door) keyOf(verifier string, announced events.Seq) (*struct{ Body key }, error) {
	fingerprint, err := merkle.Fingerprint(verifier)
	if err != nil {
		return nil, problemOf(err)
	}
	k := key{1, "key", d.app.Origin(), announced > 0, announced, verifier, fingerprint}
	if announced == 0 {
		k.Seq = d.app.End()
	}
	return &struct{ Body key }{k}, nil
}

// rotation is the body of a request for a new key.
type rotation struct {
	Reason string `json:"reason,omitempty" doc:"Why"`
	Via    string `json:"via,omitempty" maxLength:"20" doc:"The program that sends it, such as cli"`
}

func (d *door) rotateKey(ctx context.Context, in *BodyInput) (*struct{ Body key }, error) {
	var body rotation
	if err := in.read("rotate-key", &body); err != nil {
		return nil, err
	}
	meta := meta(ctx, commands.Meta{}, app.About{Reason: body.Reason, Via: body.Via})
	verifier, seq, err := d.trust.RotateKey(ctx, trust.Stamp{
		ID: in.Key, Actor: meta.Actor, Via: meta.Via, Reason: strings.TrimSpace(meta.Reason), Now: d.now,
		NewID: func() string { return uuid.Must(uuid.NewV7()).String() },
	})
	if err != nil {
		return nil, trustProblem(err)
	}
	return d.keyOf(verifier, seq)
}

// consistency is a consistency proof.
type consistency struct {
	Schema int      `json:"schema"`
	Kind   string   `json:"kind" example:"consistency"`
	Origin string   `json:"origin" doc:"The name of the log"`
	From   uint64   `json:"from"`
	To     uint64   `json:"to"`
	Hashes []string `json:"hashes" doc:"In base64"`
}

func encoded(hashes []merkle.Hash) []string {
	out := []string{}
	for i := range hashes {
		out = append(out, base64.StdEncoding.EncodeToString(hashes[i][:]))
	}
	return out
}

func trustProblem(err error) *Problem {
	var d *trust.Damage
	switch {
	case errors.Is(err, trust.ErrNoEvent):
		err = &commands.Error{Code: commands.CodeNoMoment, Message: err.Error()}
	case errors.As(err, &d):
		return problem(http.StatusInternalServerError, "integrity", 7, d.Message).hinted(d.Hint)
	}
	return problemOf(err)
}

// treeHeader adds to the answers about changes how far the log reaches after
// them, so that who made one remembers it.
func treeHeader(t Trust, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			w = &treeWriter{ResponseWriter: w, trust: t}
		}
		next.ServeHTTP(w, r)
	})
}

type treeWriter struct {
	http.ResponseWriter
	trust Trust
	begun bool
}

// WriteHeader adds the header.
func (w *treeWriter) WriteHeader(status int) {
	if !w.begun && status < http.StatusMultipleChoices {
		c := w.trust.Tree()
		w.Header().Set("Cairn-Tree", fmt.Sprintf("%d %s", c.N, c.Root))
	}
	w.begun = true
	w.ResponseWriter.WriteHeader(status)
}

// Write writes, after the header.
func (w *treeWriter) Write(b []byte) (int, error) {
	if !w.begun {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap returns the writer below.
func (w *treeWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
