package gitlog

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"
)

// MaxFile is the largest version in bytes that is read.
const MaxFile = 16 << 20

// Version is the file as one commit of the spine left it.
type Version struct {
	// Commit is the full hash.
	Commit string
	// Path is the file's name in that commit, with slashes from the root.
	Path string
	// Content is the bytes; Gone says that the commit removed the file.
	Content []byte
	Gone    bool
	// Author is the commit's; Committed is when it came into the history.
	Author    Signature
	Committed time.Time
	// Subject is the first line of the message.
	Subject string
	// Merge says that the commit has several parents; see [File.Brought].
	Merge bool

	parent, blob string
}

// Range says which versions. The zero Range is all up to HEAD.
type Range struct {
	// Rev is the last commit; "" is HEAD.
	Rev string
	// After is a commit of the spine: only what came behind it.
	After string
	// Since leaves out commits that came before.
	Since time.Time
	// Shallow accepts a history that is not whole.
	Shallow bool
}

// List returns the versions from the oldest to the newest, without their
// content. A version differs from the one before in its bytes or its name.
func (f *File) List(ctx context.Context, r Range) ([]Version, error) {
	if f.Shallow && !r.Shallow {
		return nil, fmt.Errorf("%w; get the rest with: git fetch --unshallow", ErrShallow)
	}
	rev := r.Rev
	if rev == "" {
		rev = "HEAD"
	}
	commit, err := f.commit(ctx, rev)
	if err != nil {
		return nil, err
	}
	args := []string{
		"log", "--first-parent", "--diff-merges=first-parent", "--follow", "-M", "--raw", "--no-abbrev", "-z",
		"--format=%x01%H%x00%P%x00%aN%x00%aE%x00%aI%x00%cI%x00%s", commit,
	}
	if r.After != "" {
		args = append(args, "^"+r.After)
	}
	out, err := run(ctx, f.Root, append(args, "--", f.Path)...)
	if err != nil {
		return nil, err
	}
	list, err := parseLog(string(out))
	if err != nil {
		return nil, err
	}
	slices.Reverse(list)
	list = changes(list)
	if !r.Since.IsZero() {
		list = slices.DeleteFunc(list, func(v Version) bool { return v.Committed.Before(r.Since) })
	}
	if len(list) == 0 && r.After == "" && r.Since.IsZero() {
		return nil, fmt.Errorf("%w: %s", ErrNoHistory, f.Path)
	}
	return list, nil
}

// commit returns the full hash that a revision names.
func (f *File) commit(ctx context.Context, rev string) (string, error) {
	if strings.HasPrefix(rev, "-") {
		return "", fmt.Errorf("%w: %s", ErrNoCommit, rev)
	}
	out, err := run(ctx, f.Root, "rev-parse", "--verify", "--quiet", rev+"^{commit}")
	if err != nil {
		if ctx.Err() != nil {
			return "", err
		}
		return "", fmt.Errorf("%w: %s", ErrNoCommit, rev)
	}
	return strings.TrimSpace(string(out)), nil
}

// parseLog reads the fields of `git log -z --raw`.
func parseLog(out string) ([]Version, error) {
	var list []Version
	fields := strings.Split(out, "\x00")
	next := func() (string, bool) {
		if len(fields) == 0 {
			return "", false
		}
		s := fields[0]
		fields = fields[1:]
		return s, true
	}
	for len(fields) > 0 {
		s, _ := next()
		if s == "" {
			continue
		}
		hash, ok := strings.CutPrefix(s, "\x01")
		if !ok || len(fields) < 6 {
			return nil, fmt.Errorf("git log: cannot read %q", s)
		}
		v := Version{Commit: hash}
		parents, _ := next()
		v.parent, _, v.Merge = strings.Cut(parents, " ")
		v.Author.Name, _ = next()
		v.Author.Email, _ = next()
		authored, _ := next()
		committed, _ := next()
		v.Subject, _ = next()
		var err error
		if v.Author.Time, err = time.Parse(time.RFC3339, authored); err != nil {
			return nil, fmt.Errorf("git log: %s: %w", hash, err)
		}
		if v.Committed, err = time.Parse(time.RFC3339, committed); err != nil {
			return nil, fmt.Errorf("git log: %s: %w", hash, err)
		}
		for len(fields) > 0 {
			entry, ok := strings.CutPrefix(strings.TrimPrefix(fields[0], "\n"), ":")
			if !ok {
				break
			}
			fields = fields[1:]
			part := strings.Fields(entry)
			if len(part) != 5 {
				return nil, fmt.Errorf("git log: %s: cannot read %q", hash, entry)
			}
			path, _ := next()
			if part[4][0] == 'R' || part[4][0] == 'C' {
				path, _ = next()
			}
			v.Path, v.blob = path, part[3]
			v.Gone = part[4][0] == 'D' || !strings.HasPrefix(part[1], "100") // a link, a submodule
		}
		if v.Path != "" {
			list = append(list, v)
		}
	}
	return list, nil
}

// changes leaves out the versions that are as the one before, such as a change
// of the mode.
func changes(list []Version) []Version {
	kept := list[:0]
	for _, v := range list {
		if n := len(kept); n > 0 && kept[n-1].Path == v.Path && kept[n-1].blob == v.blob && kept[n-1].Gone == v.Gone {
			continue
		}
		kept = append(kept, v)
	}
	return kept
}

// Versions yields the versions from the oldest to the newest.
func (f *File) Versions(ctx context.Context, r Range) iter.Seq2[Version, error] {
	return func(yield func(Version, error) bool) {
		list, err := f.List(ctx, r)
		if err != nil {
			yield(Version{}, err)
			return
		}
		for v, err := range f.Contents(ctx, list) {
			if !yield(v, err) || err != nil {
				return
			}
		}
	}
}

// Contents yields the versions of a List with their content.
func (f *File) Contents(ctx context.Context, list []Version) iter.Seq2[Version, error] {
	return func(yield func(Version, error) bool) {
		if len(list) == 0 {
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		b, err := f.batch(ctx)
		if err != nil {
			yield(Version{}, err)
			return
		}
		defer b.close()
		for _, v := range list {
			if !v.Gone {
				if v.Content, err = b.blob(v.blob); err != nil {
					yield(Version{}, fmt.Errorf("%s of commit %.9s: %w", v.Path, v.Commit, err))
					return
				}
			}
			if !yield(v, nil) {
				return
			}
		}
	}
}

// batch is a running `git cat-file --batch`.
type batch struct {
	in    io.WriteCloser
	out   *bufio.Reader
	close func()
}

func (f *File) batch(ctx context.Context) (*batch, error) {
	cmd := command(ctx, f.Root, "cat-file", "--batch")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, said(ctx, "cat-file", err, nil)
	}
	return &batch{in, bufio.NewReaderSize(out, 1<<16), func() {
		in.Close()
		_, _ = io.Copy(io.Discard, out)
		_ = cmd.Wait() // what it said has been read, or is of no use any more
	}}, nil
}

// blob returns the bytes of an object.
func (b *batch) blob(hash string) ([]byte, error) {
	if _, err := io.WriteString(b.in, hash+"\n"); err != nil {
		return nil, fmt.Errorf("git cat-file: %w", err)
	}
	head, err := b.out.ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("git cat-file: %w", err)
	}
	part := strings.Fields(head)
	if len(part) != 3 || part[1] != "blob" {
		return nil, fmt.Errorf("the clone does not have it (%s)", strings.TrimSpace(head))
	}
	size, err := strconv.ParseInt(part[2], 10, 64)
	if err != nil {
		return nil, fmt.Errorf("git cat-file: cannot read %q", head)
	}
	if size > MaxFile {
		return nil, fmt.Errorf("%d MiB, over the limit of %d", size>>20, MaxFile>>20)
	}
	content := make([]byte, size)
	if _, err := io.ReadFull(b.out, content); err != nil {
		return nil, fmt.Errorf("git cat-file: %w", err)
	}
	_, err = b.out.Discard(1)
	return content, err
}
