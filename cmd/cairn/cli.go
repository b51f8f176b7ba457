package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"cairn/events"
	"cairn/events/natslog"
	"cairn/projections/checklist"
	"cairn/server"
	"cairn/server/api/client"
	"cairn/server/app"
	"cairn/server/commands"
	"cairn/server/docfile"
)

// A log of manyEvents, or a document of manyBytes, takes tens of megabytes.
const (
	manyEvents = 1000
	manyBytes  = 128 << 10
)

// cli is one run of the command line: its streams, its surroundings, the global
// flags, and the log once it is open.
type cli struct {
	in       io.Reader
	out, err io.Writer
	getenv   func(string) string
	now      func() time.Time

	// Global flags.
	data, server, checklist, as, id string
	json, noColor, quiet            bool
	noPager                         bool
	// here says that the command is about a log of this machine.
	here bool
	// past says that the command was about the past: how the file stands now is
	// another matter.
	past bool
	// exit is the exit code of a command that did its work: what it found may be
	// wrong, or what it was asked for.
	exit int

	// gitUser is git's user, asked for once; set by run.
	gitUser func() string

	place   server.Place
	session *server.Session
	// known is what is remembered of the files; see copies.
	known *docfile.Copies
	// named is whom --as named.
	named string
	// used is the checklist that the command was about: its file is looked at
	// in the end.
	used string
}

// run carries out one command line and returns the exit code.
func (c *cli) run(ctx context.Context, args []string) int {
	c.gitUser = sync.OnceValue(gitUser)
	root := newRoot(c)
	root.SetArgs(rewriteArgs(args))
	root.SetIn(c.in)
	root.SetOut(c.out)
	root.SetErr(c.err)
	err := root.ExecuteContext(ctx)
	c.json = c.json || asksJSON(args) // also where the flags before it were wrong
	c.quiet = c.quiet || c.json       // what talks from here on
	if c.session != nil {
		if err == nil && c.used != "" && !c.past {
			c.lookAtFile(ctx)
		}
		if err == nil {
			c.tellStale()
		}
		if closeErr := c.session.Close(); err == nil {
			err = closeErr
		}
	}
	if err == nil {
		return c.exit
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return 130
	}
	return c.fail(err)
}

// asksJSON reports whether --json stands among the arguments that can be flags.
func asksJSON(args []string) bool {
	if end := slices.Index(args, "--"); end >= 0 {
		args = args[:end]
	}
	return slices.Contains(args, "--json")
}

// open opens the log, once.
func (c *cli) open(ctx context.Context, create bool) (*server.Session, error) {
	if c.session != nil {
		return c.session, nil
	}
	if c.as == "" && c.getenv("CAIRN_ACTOR") == "" {
		go c.gitUser() // git takes as long as the log does to open
	}
	if err := c.locate(); err != nil {
		return nil, err
	}
	if !c.place.Exists && c.place.Dir != "" {
		if err := natslog.Missing(c.place.Dir); err != nil {
			return nil, err
		}
	}
	if !c.place.Exists && !create {
		return nil, &commands.Error{Code: commands.CodeNoChecklist, Message: "there is no checklist here yet", Hint: "cairn import FILE makes one of a Markdown file."}
	}
	for _, other := range c.place.Others {
		c.talk("cairn: using the log in %s; there is another in %s (--data chooses)\n", c.shown(c.place.Dir), c.shown(other))
	}
	if c.place.URL == "" {
		if head, err := natslog.Peek(c.place.Dir); err == nil && head.N > manyEvents {
			expectHeap()
		}
		ensureServed(c.place.Dir)
	}
	config, err := c.config()
	if err != nil {
		return nil, err
	}
	config.Create = create
	s, err := server.Open(ctx, c.place, config)
	if err != nil {
		return nil, c.needsLogin(err)
	}
	c.session = s
	return s, nil
}

// letGo closes the log while this command waits for a person or for a change, so
// that others can use it. A later open finds the same checklist.
func (c *cli) letGo() error {
	err := c.session.Close()
	c.session = nil
	if c.checklist == "" {
		c.checklist = c.used
	}
	c.used = ""
	return err
}

// needsLogin says in which repository one has to log in.
func (c *cli) needsLogin(err error) error {
	var e *commands.Error
	if !errors.As(err, &e) || e.Code != commands.CodeUnauthenticated {
		return err
	}
	switch {
	case strings.HasPrefix(e.Message, "this token"):
		from := "It is that of cairn login. "
		if c.getenv("CAIRN_TOKEN") != "" {
			from = "It is the one in $CAIRN_TOKEN. "
		}
		e.Hint = from + e.Hint
	case strings.HasSuffix(e.Message, client.WhoAreYou) && c.server == "" && c.place.Base != "" && c.getenv("CAIRN_SERVER") == "":
		e.Message, e.Hint = "this repository uses "+c.place.URL+": cairn login", ""
	}
	return err
}

// locate finds out where the log is.
func (c *cli) locate() error { return c.find(false) }

func (c *cli) find(here bool) error {
	here = here || c.here
	cwd, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("no working directory: %w", err)
	}
	address, data, err := c.address()
	if err != nil {
		return err
	}
	if here && address != "" {
		address, data = "", c.getenv("CAIRN_DATA")
	}
	c.place, err = server.Locate(server.Env{Cwd: cwd, Server: address, Data: data, Here: here, DataHome: c.home("XDG_DATA_HOME", ".local", "share")})
	return err
}

// home returns a directory of the XDG base directory specification; "" where
// there is no home.
func (c *cli) home(env string, fallback ...string) string {
	if dir := c.getenv(env); filepath.IsAbs(dir) {
		return dir
	}
	if home := c.getenv("HOME"); home != "" {
		return filepath.Join(append([]string{home}, fallback...)...)
	}
	return ""
}

func (c *cli) stateDir() string {
	if dir := c.home("XDG_STATE_HOME", ".local", "state"); dir != "" {
		return filepath.Join(dir, "cairn")
	}
	return ""
}

func (c *cli) copies() docfile.Copies {
	if c.known == nil {
		dir := c.stateDir()
		if dir != "" {
			dir = filepath.Join(dir, "copies")
		}
		known := docfile.NewCopies(dir)
		c.known = &known
	}
	return *c.known
}

// name returns which checklist is meant: -c, $CAIRN_CHECKLIST, the one tied to
// a file here or above, the only one.
func (c *cli) name(ctx context.Context) (string, error) {
	if c.used != "" {
		return c.used, nil
	}
	s, err := c.open(ctx, false)
	if err != nil {
		return "", err
	}
	name := c.checklist
	if name == "" {
		name = c.getenv("CAIRN_CHECKLIST")
	}
	if name == "" {
		if name, err = c.guess(ctx, s); err != nil {
			return "", err
		}
	}
	if err := commands.CheckName(name); err != nil {
		return "", err
	}
	c.used = name
	return name, nil
}

func (c *cli) guess(ctx context.Context, s *server.Session) (string, error) {
	names, err := s.Names(ctx)
	if err != nil {
		return "", err
	}
	if len(names) == 1 {
		return names[0], nil
	}
	if len(names) == 0 {
		return "", &commands.Error{Code: commands.CodeNoChecklist, Message: "there is no checklist here yet", Hint: "cairn import FILE makes one of a Markdown file."}
	}
	all, err := s.Checklists(ctx)
	if err != nil {
		return "", err
	}
	var open []string
	near, best := []string{}, -1
	cwd, _ := os.Getwd()
	for _, sum := range all {
		if sum.Archived {
			continue
		}
		open = append(open, sum.Name)
		if sum.Path == "" {
			continue
		}
		dir := filepath.Dir(c.absolute(sum.Path))
		if rel, err := filepath.Rel(dir, cwd); err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
			continue
		}
		switch {
		case len(dir) > best:
			near, best = []string{sum.Name}, len(dir)
		case len(dir) == best:
			near = append(near, sum.Name)
		}
	}
	switch {
	case len(near) == 1:
		return near[0], nil
	case len(open) == 1:
		return open[0], nil
	}
	return "", &commands.Error{Code: commands.CodeUsage, Message: fmt.Sprintf("which checklist? There are %s", strings.Join(open, ", ")), Hint: "Choose with -c NAME or $CAIRN_CHECKLIST."}
}

// absolute returns the path of a file as the log names it.
func (c *cli) absolute(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(c.place.Base, path)
}

// shown returns a path as a person here would write it.
func (c *cli) shown(path string) string {
	cwd, err := os.Getwd()
	if err != nil {
		return path
	}
	rel, err := filepath.Rel(cwd, path)
	if err != nil || strings.HasPrefix(rel, ".."+string(filepath.Separator)+"..") {
		return path
	}
	return rel
}

// talk writes to stderr what is no data; -q and --json silence it.
func (c *cli) talk(format string, args ...any) {
	if !c.quiet && !c.json {
		fmt.Fprintf(c.err, format, args...)
	}
}

// style is how views are written to stdout.
func (c *cli) style() checklist.Style {
	return c.styleOf(c.out)
}

func (c *cli) styleOf(w io.Writer) checklist.Style {
	s := checklist.Style{Now: c.now(), Me: c.actor().ID}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		s.Width = 80
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			s.Width = width
		}
		s.Color = !c.noColor && c.getenv("NO_COLOR") == "" && c.getenv("TERM") != "dumb"
	}
	return s
}

var looksLikeWhen = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([0-9]{4}-[0-9]{2}-[0-9]{2}(T.*)?|[a-z0-9-]*@[0-9]+|[0-9]+[dw]?|git:[0-9a-f]+|` +
		`now|today|yesterday|import|baseline|review(~[0-9]+)?|(mon|tues?|wed|wednes|thu|thurs|fri|sat|satur|sun)(day)?)$`)
})

// checkActor refuses a WHEN given to --as.
func (c *cli) checkActor() error {
	c.named = c.as
	if looksLikeWhen().MatchString(c.as) {
		return &commands.Error{Code: commands.CodeUsage, Message: fmt.Sprintf("--as %s: that is a moment, not a person", c.as), Hint: "Did you mean --as-of " + c.as + "?"}
	}
	return nil
}

// actor is who does it: --as, $CAIRN_ACTOR, git's user, the system's user.
func (c *cli) actor() events.Actor {
	id := c.as
	if id == "" {
		id = c.getenv("CAIRN_ACTOR")
	}
	if id == "" {
		id = c.gitUser()
	}
	if id == "" {
		if u, err := user.Current(); err == nil {
			id = u.Username
		}
	}
	if id == "" {
		id = "unknown"
	}
	c.as = id
	return events.Actor{ID: id, Auth: events.Unauthenticated}
}

// gitUser returns git's user: the e-mail address, else the name.
func gitUser() string {
	out, err := exec.Command("git", "config", "--get-regexp", `^user\.(name|email)$`).Output()
	if err != nil {
		return ""
	}
	name, email := "", ""
	for line := range strings.Lines(string(out)) {
		key, value, _ := strings.Cut(strings.TrimRight(line, "\n"), " ")
		switch key {
		case "user.name":
			name = value
		case "user.email":
			email = value
		}
	}
	if email != "" {
		return email
	}
	return name
}

// meta is what stands around a command of this run.
func (c *cli) meta(name string, w *writeFlags) commands.Meta {
	m := commands.Meta{ID: c.id, Checklist: name, Actor: c.actor(), Via: "cli"}
	if w != nil {
		m.Reason = strings.TrimSpace(w.reason)
	}
	return m
}

// words reads TASKs from the arguments; "-" stands for the lines of stdin.
func (c *cli) words(ctx context.Context, args []string) ([]string, error) {
	var refs []string
	for _, a := range args {
		if a != "-" {
			refs = append(refs, a)
			continue
		}
		b, err := c.readIn(ctx)
		if err != nil {
			return nil, fmt.Errorf("read TASKs from stdin: %w", err)
		}
		for line := range strings.Lines(string(b)) {
			if line = strings.TrimSpace(line); line != "" {
				refs = append(refs, line)
			}
		}
		if len(refs) == 0 {
			return nil, &commands.Error{Code: commands.CodeUsage, Message: "stdin names no TASK"}
		}
	}
	return refs, nil
}

// readIn reads stdin to its end, or until ctx is done.
func (c *cli) readIn(ctx context.Context) ([]byte, error) {
	return reading(ctx, func() ([]byte, error) { return io.ReadAll(c.in) })
}

// reading returns what read does, or gives up when ctx is done: Ctrl-C ends a
// command that waits for somebody to type, or for a pipe.
func reading(ctx context.Context, read func() ([]byte, error)) ([]byte, error) {
	type result struct {
		b   []byte
		err error
	}
	end := make(chan result, 1)
	go func() {
		b, err := read()
		end <- result{b, err}
	}()
	select {
	case r := <-end:
		return r.b, r.err
	case <-ctx.Done():
		return nil, ctx.Err() // the read ends with the process
	}
}

// noArgs and friends refuse with one line and exit code 2.
func args(least, most int, want string) cobra.PositionalArgs {
	return func(_ *cobra.Command, given []string) error {
		if len(given) < least {
			return &commands.Error{Code: commands.CodeUsage, Message: "want " + want}
		}
		if most >= 0 && len(given) > most {
			return &commands.Error{Code: commands.CodeUsage, Message: fmt.Sprintf("%s is one argument too many; want %s", strconv.Quote(given[most]), want)}
		}
		return nil
	}
}

var _ app.App = (*server.Session)(nil)
