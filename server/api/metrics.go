package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"cairn/events"
	"cairn/server/app"
	"cairn/server/commands"
)

// Metrics are the server's figures for Prometheus.
type Metrics struct {
	registry  *prometheus.Registry
	requests  *prometheus.CounterVec
	took      *prometheus.HistogramVec
	commands  *prometheus.CounterVec
	conflicts prometheus.Counter
}

// NewMetrics returns metrics of a process that has none yet.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cairn_http_requests_total", Help: "Requests answered, by method, route and status.",
		}, []string{"method", "route", "status"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "cairn_http_request_duration_seconds", Help: "How long answering took, by route.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"route"}),
		commands: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cairn_commands_total", Help: "Commands over HTTP, by name and outcome: changed, unchanged, repeated or the code of a problem.",
		}, []string{"command", "outcome"}),
		conflicts: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "cairn_conflicts_total", Help: "Commands over HTTP refused as something had changed meanwhile.",
		}),
	}
	m.registry.MustRegister(m.requests, m.took, m.commands, m.conflicts,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// watch adds the figures of the views behind a door. It is called once.
func (m *Metrics) watch(d *door) {
	lag := func(part func(standing) float64) func() float64 {
		return func() float64 {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			return part(d.standing(ctx))
		}
	}
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "cairn_log_position", Help: "The position of the last event that the views hold."},
			lag(func(s standing) float64 { return float64(s.position) })),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "cairn_projection_lag_events", Help: "Events of the log that the views do not hold yet."},
			lag(func(s standing) float64 { return float64(s.behind) })),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "cairn_projection_lag_seconds", Help: "How long the first event that the views do not hold has been in the log."},
			lag(func(s standing) float64 { return s.age.Seconds() })),
		subscribers("http", func() float64 { return float64(d.streams.Load()) }),
	)
	if a, ok := d.app.(appender); ok {
		counter := func(name, help string, value func() uint64) prometheus.Collector {
			return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 { return float64(value()) })
		}
		m.registry.MustRegister(
			counter("cairn_events_appended_total", "Events that this server appended, through whichever door.", func() uint64 { return a.Appends().Events }),
			counter("cairn_append_conflicts_total", "Appends that came behind those of another server, and were decided again.", func() uint64 { return a.Appends().Conflicts }),
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "cairn_views_stopped", Help: "Checklists that are not shown any more, as an event of theirs cannot be read."},
				func() float64 { return float64(len(a.StoppedViews())) }),
			subscribers("nats", func() float64 { return float64(a.Listeners()) }),
		)
	}
}

// appender is a Backend that says what its process does with the log.
type appender interface {
	Appends() app.Appends
	// StoppedViews are the checklists whose views stand still.
	StoppedViews() []string
	// Listeners is how many NATS clients there are.
	Listeners() int
}

func subscribers(door string, count func() float64) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "cairn_subscribers", Help: "Clients that follow the log, by door.", ConstLabels: prometheus.Labels{"door": door},
	}, count)
}

// Handler answers every request with the figures.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{DisableCompression: true})
}

func (m *Metrics) request(r *http.Request, status int, took time.Duration) {
	m.requests.WithLabelValues(method(r), route(r), strconv.Itoa(status)).Inc()
	m.took.WithLabelValues(route(r)).Observe(took.Seconds())
}

// command counts a command that was carried out, or refused with err.
func (m *Metrics) command(name string, out *commandOutput, err error) {
	outcome := "changed"
	switch {
	case err != nil:
		p := problemOf(err)
		outcome = p.Code
		if p.Code == string(commands.CodeChanged) || errors.Is(err, events.ErrConflict) {
			m.conflicts.Inc()
		}
	case out.Body.Repeated:
		outcome = "repeated"
	case !out.Body.Changed:
		outcome = "unchanged"
	}
	m.commands.WithLabelValues(name, outcome).Inc()
}
