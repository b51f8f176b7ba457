package client

import (
	"bufio"
	"bytes"
	"io"
)

// message is one event of a text/event-stream.
type message struct {
	event string
	data  []byte
}

// sse reads a text/event-stream, as https://html.spec.whatwg.org/#event-stream-interpretation
// says, but for the ids and retry, which those who use it know by themselves.
type sse struct {
	in *bufio.Reader
}

// next returns the next event. What ends in the middle of one is dropped with it.
func (s *sse) next() (message, error) {
	var m message
	for {
		line, err := s.in.ReadBytes('\n')
		if err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF // such a stream has no end
			}
			return message{}, err
		}
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		if len(line) == 0 {
			return m, nil // without data it is a sign of life
		}
		field, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(field) {
		case "event":
			m.event = string(value)
		case "data":
			if m.data == nil {
				m.data = make([]byte, 0, len(value))
			} else {
				m.data = append(m.data, '\n')
			}
			m.data = append(m.data, value...)
		}
	}
}
