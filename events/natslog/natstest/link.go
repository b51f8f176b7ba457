package natstest

import (
	"fmt"
	"io"
	"net"
	"sync"
)

// link is the way from one node to another. It can be cut.
type link struct {
	from, to int
	target   string
	listener net.Listener
	work     sync.WaitGroup

	mu    sync.Mutex // guards below
	cut   bool
	conns map[net.Conn]bool
}

func newLink(from, to, port int) (*link, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	l := &link{from: from, to: to, target: fmt.Sprintf("127.0.0.1:%d", port), listener: listener, conns: make(map[net.Conn]bool)}
	l.work.Go(l.accept)
	return l, nil
}

func (l *link) port() int { return l.listener.Addr().(*net.TCPAddr).Port }

func (l *link) accept() {
	for {
		in, err := l.listener.Accept()
		if err != nil {
			return
		}
		l.work.Go(func() { l.carry(in) })
	}
}

// carry passes on what comes, both ways, until one end or the link closes.
func (l *link) carry(in net.Conn) {
	out, err := net.Dial("tcp", l.target)
	if err != nil {
		in.Close()
		return
	}
	if l.add(in, out) {
		var both sync.WaitGroup
		for _, pair := range [][2]net.Conn{{in, out}, {out, in}} {
			both.Go(func() {
				_, _ = io.Copy(pair[0], pair[1])
				in.Close()
				out.Close()
			})
		}
		both.Wait()
	}
	in.Close()
	out.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, in)
	delete(l.conns, out)
}

func (l *link) add(conns ...net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut {
		return false
	}
	for _, c := range conns {
		l.conns[c] = true
	}
	return true
}

// set cuts the link, or ends that.
func (l *link) set(cut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = cut
	if cut {
		for c := range l.conns {
			c.Close()
		}
	}
}

func (l *link) close() {
	l.listener.Close()
	l.set(true)
	l.work.Wait()
}
