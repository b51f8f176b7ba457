package natslog

import (
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"cairn/events"
)

// streamName is the stream that holds the log.
const streamName = "CAIRN"

// streamConfig returns how the log is stored: everything, for ever. Without
// duplicate detection, because whatever is younger than its window is read
// again at every start; expectations do its work.
func streamConfig(replicas int) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:        streamName,
		Description: "Cairn's log. Written by Cairn only.",
		Subjects:    []string{everyChecklist, systemSubject},
		Storage:     jetstream.FileStorage,
		Retention:   jetstream.LimitsPolicy,
		Discard:     jetstream.DiscardNew,
		MaxMsgs:     -1, MaxBytes: -1, MaxMsgsPerSubject: -1, MaxMsgSize: -1, MaxConsumers: -1,
		Duplicates:         100 * time.Millisecond, // the shortest there is
		Replicas:           replicas,
		DenyDelete:         true,
		DenyPurge:          true,
		AllowAtomicPublish: true,
		RePublish:          &jetstream.RePublish{Source: everyChecklist, Destination: changes},
	}
}

// checkConfig returns an error if the stream could lose or hide events: the
// server lets anybody with access change its limits.
func checkConfig(place string, c jetstream.StreamConfig) error {
	want := streamConfig(c.Replicas)
	var wrong []string
	add := func(bad bool, format string, args ...any) {
		if bad {
			wrong = append(wrong, fmt.Sprintf(format, args...))
		}
	}
	add(c.MaxMsgs > 0, "max_msgs %d", c.MaxMsgs)
	add(c.MaxBytes > 0, "max_bytes %d", c.MaxBytes)
	add(c.MaxMsgsPerSubject > 0, "max_msgs_per_subject %d", c.MaxMsgsPerSubject)
	add(c.MaxAge > 0, "max_age %s", c.MaxAge)
	add(c.MaxMsgSize > 0 && c.MaxMsgSize < events.MaxEvent, "max_msg_size %d", c.MaxMsgSize)
	add(c.Retention != want.Retention, "retention %s", c.Retention)
	add(c.Discard != want.Discard, "discard %s", c.Discard)
	add(c.Storage != want.Storage, "storage %s", c.Storage)
	add(!c.DenyDelete, "deny_delete off")
	add(!c.DenyPurge, "deny_purge off")
	add(!c.AllowAtomicPublish, "allow_atomic off")
	add(c.AllowRollup, "allow_rollup_hdrs on")
	add(c.AllowMsgTTL, "allow_msg_ttl on")
	add(c.AllowDirect, "allow_direct on")
	add(c.NoAck, "no_ack on")
	add(c.Sealed, "sealed")
	add(c.Mirror != nil || len(c.Sources) > 0, "takes from other streams")
	add(c.SubjectTransform != nil, "subject_transform")
	add(!slices.Equal(c.Subjects, want.Subjects), "subjects %v", c.Subjects)
	if wrong == nil {
		return nil
	}
	e := damaged("the stream %s in %s has settings that can lose events: %v", streamName, place, wrong)
	e.Hint = "Nothing was written. Undo that change of the stream's settings."
	return e
}

// checkState returns an error if the stream has a hole.
func checkState(place string, s jetstream.StreamState) error {
	switch {
	case s.FirstSeq != 1:
		return damaged("the log in %s begins at @%d: what is before is lost", place, s.FirstSeq)
	case s.NumDeleted > 0 && len(s.Deleted) > 0:
		return damaged("the log in %s has a hole: @%d is missing", place, s.Deleted[0])
	case s.NumDeleted > 0 || s.Msgs != s.LastSeq:
		return damaged("the log in %s has a hole: %d of %d events are missing", place, s.LastSeq-s.Msgs, s.LastSeq)
	}
	return nil
}
