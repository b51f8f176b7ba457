package access

import (
	"mime"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"cairn/events"
	"cairn/projections/members"
	"cairn/server/commands"
)

// maxBearer is how long credentials that are looked at are at most, in bytes.
const maxBearer = 512

// origin tells where a request comes from: the peer, or, behind a proxy, the last
// hop that the proxy names. What stands before that, anybody can write.
func (g *Gate) origin(r *http.Request) (source, error) {
	peer := source{known: true, direct: true}
	if r.RemoteAddr != "" && r.RemoteAddr != "@" { // otherwise a Unix socket
		at, err := netip.ParseAddrPort(r.RemoteAddr)
		if err != nil {
			return source{}, badRequest("no address")
		}
		peer.addr = at.Addr().Unmap().WithZone("")
	}
	if !forwarded(r.Header) {
		return peer, nil
	}
	peer.direct = false
	if !g.config.BehindProxy {
		return peer, nil
	}
	if last, ok := lastHop(r.Header.Values("X-Forwarded-For")); ok {
		peer.addr = last
	}
	return peer, nil
}

// forwarded reports whether a proxy says that it passed the request on.
func forwarded(h http.Header) bool {
	for _, name := range []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip", "Via", "X-Forwarded-Host"} {
		if len(h.Values(name)) > 0 {
			return true
		}
	}
	return false
}

// lastHop reads the last address of X-Forwarded-For.
func lastHop(values []string) (netip.Addr, bool) {
	if len(values) == 0 {
		return netip.Addr{}, false
	}
	last := values[len(values)-1]
	last = strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])
	if at, err := netip.ParseAddrPort(last); err == nil {
		return at.Addr().Unmap().WithZone(""), true
	}
	addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(last, "["), "]"))
	return addr.Unmap().WithZone(""), err == nil
}

// bearer reads the credentials of a request; "" where it has none.
func bearer(h http.Header) (string, error) {
	values := h.Values("Authorization")
	if len(values) == 0 {
		return "", nil
	}
	scheme, token, found := strings.Cut(values[0], " ")
	token = strings.Trim(token, " ")
	if len(values) > 1 || !found || !strings.EqualFold(scheme, "Bearer") || token == "" || len(token) > maxBearer ||
		strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return "", needsToken("malformed credentials", true)
	}
	return token, nil
}

// local admits only what comes from this machine and was not made by the page of
// somebody else: neither by its name for this machine (DNS rebinding), nor by a
// request that it makes a browser send.
func (g *Gate) local(r *http.Request, from source) error {
	switch {
	case !from.local():
		return forbidden("no users, not this machine", "this log has no users: it is open to its own machine only", addFirst)
	case !loopbackHost(r.Host):
		return forbidden("foreign Host", "the Host of the request is not this machine", "Use http://localhost or http://127.0.0.1.")
	case !sameOrigin(r.Header.Values("Origin"), r.Host):
		return forbidden("foreign Origin", "the request comes from a page of somebody else", "")
	}
	switch site := r.Header.Get("Sec-Fetch-Site"); site {
	case "", "none", "same-origin":
	default: // cross-site, and same-site: another program on this machine
		return forbidden("foreign Sec-Fetch-Site", "the request comes from a page of somebody else", "")
	}
	if !safe(r.Method) && r.ContentLength != 0 && !isJSON(r.Header.Values("Content-Type")) {
		// A form can be sent from anywhere, JSON cannot.
		return &Error{
			Status: http.StatusUnsupportedMediaType, Code: "usage", Message: "the body of the request is not application/json",
			why: "no JSON",
		}
	}
	return nil
}

// loopbackHost reports whether a Host header names this machine, with any port.
func loopbackHost(host string) bool {
	name := host
	if h, port, err := net.SplitHostPort(host); err == nil {
		if name = h; port == "" || strings.Trim(port, "0123456789") != "" {
			return false
		}
		if strings.HasPrefix(host, "[") != (h == "::1") {
			return false
		}
	} else if name == "[::1]" {
		name = "::1"
	} else if name == "::1" {
		return false
	}
	return strings.EqualFold(name, "localhost") || name == "127.0.0.1" || name == "::1"
}

// sameOrigin reports whether the Origin of a request, if it has one, is the server
// itself under the name by which it was asked.
func sameOrigin(origins []string, host string) bool {
	switch len(origins) {
	case 0:
		return true
	case 1:
		for _, scheme := range []string{"http://", "https://"} {
			if rest, ok := strings.CutPrefix(origins[0], scheme); ok && host != "" && strings.EqualFold(rest, host) {
				return true
			}
		}
	}
	return false // "null" too
}

func isJSON(types []string) bool {
	if len(types) != 1 {
		return false
	}
	media, _, err := mime.ParseMediaType(types[0])
	return err == nil && (media == "application/json" || media == "application/x-ndjson") // no form sends either
}

// declared is the identity of who only says who he is.
func declared(r *http.Request, role members.Role) (members.Identity, error) {
	id := members.Identity{User: "unknown", Role: role, Auth: events.Unauthenticated}
	values := r.Header.Values(ActorHeader)
	switch {
	case len(values) == 0:
		return id, nil
	case len(values) > 1 || !commands.IsActor(values[0]):
		return members.Identity{}, badRequest("malformed " + ActorHeader)
	}
	id.User = values[0]
	return id, nil
}
