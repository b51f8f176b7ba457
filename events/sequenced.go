package events

import (
	"bytes"
	"fmt"
	"strconv"
)

// sequenceMember opens the member that Sequenced adds.
var sequenceMember = []byte(`,"sequence":"`)

// Sequenced returns a stored event as it is read by others: with its position as
// the last member, in the form of the CloudEvents extension sequence.
//
//	{"specversion":"1.0",…,"data":{"key":12},"sequence":"55"}
func Sequenced(body []byte, seq Seq) []byte {
	if len(body) < 2 || body[len(body)-1] != '}' {
		return body // such a body was never stored
	}
	b := make([]byte, 0, len(body)+len(sequenceMember)+24)
	b = append(b, body[:len(body)-1]...)
	b = append(b, sequenceMember...)
	b = strconv.AppendUint(b, uint64(seq), 10)
	return append(b, `"}`...)
}

// Unsequenced returns the stored form and the position of what Sequenced made.
func Unsequenced(b []byte) (body []byte, seq Seq, err error) {
	at := bytes.LastIndex(b, sequenceMember)
	number, ok := bytes.CutSuffix(b[max(at, 0):], []byte(`"}`))
	if at < 0 || !ok {
		return nil, 0, fmt.Errorf("event without a sequence")
	}
	n, err := strconv.ParseUint(string(number[len(sequenceMember):]), 10, 64)
	if err != nil {
		return nil, 0, fmt.Errorf("event with the sequence %q", number[len(sequenceMember):])
	}
	body = append(make([]byte, 0, at+1), b[:at]...)
	return append(body, '}'), Seq(n), nil
}
