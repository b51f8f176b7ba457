package events

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
	"unsafe"
)

// Marshal returns the stored form of env: one line of JSON, a CloudEvent 1.0
// in structured mode, without a line end.
//
//	{"specversion":"1.0","id":"0199…","source":"/checklists/migration",
//	 "type":"cairn.task.completed.v1","subject":"task/12","time":"2026-11-20T09:00:00Z",
//	 "effectivetime":"2026-11-23T10:00:00.1Z","recordedtime":"2026-11-23T10:00:00.1Z",
//	 "revision":55,"authtype":"unauthenticated","authid":"ada@example.com","via":"cli",
//	 "correlationid":"…","commandname":"CompleteTask","commandhash":"…","part":"1/3",
//	 "causationid":"…","undoes":"…","onbehalfof":"…","traceparent":"…",
//	 "datacontenttype":"application/json","data":{"key":12,"mark":"x","reason":"all specs green"}}
//
// Absent when empty: effectivetime (when equal to time), authname (how authid
// is called), part (one-event commands), causationid, undoes, onbehalfof, traceparent. The log's own events
// have the source "/log". The member order is part of the form, so equal
// envelopes have equal bytes; readers accept any order. The form of a kind
// never changes: new members are optional, a new meaning is a new version.
//
// It returns an error for an envelope without Data or with Data that was not
// understood, and for one larger than MaxEvent.
func Marshal(env *Envelope) ([]byte, error) {
	switch env.Data.(type) {
	case nil, *Unknown, *Unreadable:
		return nil, fmt.Errorf("marshal event %s: no data of a known kind", env.ID)
	}
	c := codec{buf: make([]byte, 0, 700)}
	c.elem(func() { c.envelope(env) })
	if len(c.buf) > MaxEvent {
		return nil, fmt.Errorf("marshal %s: %d bytes, over the limit of %d", env.Data.Kind(), len(c.buf), MaxEvent)
	}
	return c.buf, nil
}

// Unmarshal reads the stored form. The envelope's Body is body, which must not
// be changed afterwards. A kind that this version does not know yields *Unknown
// as Data; unknown members are ignored (they stay in Body). It never panics.
func Unmarshal(body []byte) (Envelope, error) {
	var env Envelope
	if !utf8.Valid(body) {
		return env, fmt.Errorf("event: not UTF-8")
	}
	// The strings of the envelope are parts of body, which nobody changes: a
	// copy of each body would be half of what reading costs.
	c := codec{reading: true, src: unsafe.String(unsafe.SliceData(body), len(body))}
	c.object(func() { c.envelope(&env) })
	if c.err == nil {
		if c.space(); c.pos != len(c.src) {
			c.fail(fmt.Errorf("%w: something behind the end", errSyntax))
		}
	}
	if c.err != nil {
		return env, fmt.Errorf("event %s: %w", env.ID, c.err)
	}
	if env.Data == nil {
		return env, fmt.Errorf("event %s: no data", env.ID)
	}
	if env.EffectiveTime.IsZero() {
		env.EffectiveTime = env.Time
	}
	env.Body = body
	return env, nil
}

// Decode is Unmarshal for readers of a log, which must not stop where one body
// is unreadable: the envelope then has Data *Unreadable. The sequence and the
// checklist are where the event lies in the log.
func Decode(seq Seq, checklist string, body []byte) Envelope {
	env, err := Unmarshal(body)
	if err == nil && env.Checklist != checklist {
		err = fmt.Errorf("event %s is about checklist %q but lies with %q", env.ID, env.Checklist, checklist)
	}
	if err != nil {
		env.Data = &Unreadable{Err: err}
	}
	env.Seq, env.Checklist, env.Body = seq, checklist, body
	return env
}

const (
	sourceLog       = "/log"
	sourceChecklist = "/checklists/"
)

func (c *codec) envelope(env *Envelope) {
	version, source, kind, subject, part, content := "1.0", sourceLog, Kind(""), "", "", "application/json"
	effective := env.EffectiveTime
	if !c.reading {
		if env.Checklist != "" {
			source = sourceChecklist + env.Checklist
		}
		kind, subject = env.Data.Kind(), env.Data.Subject()
		if env.Parts > 1 {
			part = strconv.Itoa(env.Part) + "/" + strconv.Itoa(env.Parts)
		}
		if effective.Equal(env.Time) {
			effective = time.Time{}
		}
	}
	c.str("specversion", &version)
	c.str("id", &env.ID)
	c.str("source", &source)
	strAs(c, "type", &kind)
	c.str("subject", &subject)
	c.time("time", &env.Time)
	c.time("effectivetime", &effective)
	c.time("recordedtime", &env.RecordedTime)
	c.uint("revision", &env.Revision)
	c.str("authtype", &env.Actor.Auth)
	c.str("authid", &env.Actor.ID)
	c.str("authname", &env.Actor.Display)
	c.str("via", &env.Via)
	c.str("correlationid", &env.CommandID)
	c.str("commandname", &env.CommandName)
	c.str("commandhash", &env.CommandHash)
	c.str("part", &part)
	c.str("causationid", &env.CausationID)
	c.str("undoes", &env.Undoes)
	c.str("onbehalfof", &env.OnBehalfOf)
	c.str("traceparent", &env.Traceparent)
	c.str("datacontenttype", &content)
	if c.reading {
		if c.err != nil {
			return
		}
		c.header(env, version, source, part)
		env.EffectiveTime = effective
		env.Data = newEvent(kind)
	}
	seen := false
	c.sub("data", true, func() {
		seen = true
		env.Data.fields(c)
		c.str("reason", &env.Reason)
	})
	if !seen {
		env.Data = nil
	}
}

// header takes what the attributes say together.
func (c *codec) header(env *Envelope, version, source, part string) {
	if version != "1.0" {
		c.fail(fmt.Errorf("CloudEvents version %q, want 1.0", version))
	}
	env.Part, env.Parts = 1, 1
	if part != "" {
		a, b, _ := strings.Cut(part, "/")
		var err1, err2 error
		env.Part, err1 = strconv.Atoi(a)
		env.Parts, err2 = strconv.Atoi(b)
		if err1 != nil || err2 != nil || env.Part < 1 || env.Parts < env.Part {
			c.fail(fmt.Errorf("part %q: want i/n", part))
		}
	}
	env.Checklist = ""
	if name, ok := strings.CutPrefix(source, sourceChecklist); ok {
		env.Checklist = name
	} else if source != sourceLog {
		c.fail(fmt.Errorf("source %q: want %s or %sNAME", source, sourceLog, sourceChecklist))
	}
}
