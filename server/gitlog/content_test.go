package gitlog_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"cairn/server/gitlog"
)

func TestHugeVersionIsRefused(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.put("plan.md", "a\n", "one")
	r.put("plan.md", strings.Repeat("x", gitlog.MaxSize), "most")
	huge := r.put("plan.md", strings.Repeat("x", gitlog.MaxSize+1), "too much")
	r.put("plan.md", "b\n", "less")
	got, err := collect(t.Context(), r.open("plan.md"), gitlog.Range{})
	if !errors.Is(err, gitlog.ErrTooLarge) || !strings.Contains(err.Error(), huge) || !strings.Contains(err.Error(), "16777217") {
		t.Errorf("got %v, want %v with commit %s and its size", err, gitlog.ErrTooLarge, huge)
	}
	if len(got) != 2 || len(got[1].Content) != gitlog.MaxSize {
		t.Errorf("got %d versions before the error, want 2", len(got))
	}
}

func TestMissingObjectIsNamed(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.put("plan.md", "a\n", "one")
	commit := r.put("plan.md", "b\n", "two")
	blob := r.git("rev-parse", "HEAD:plan.md")
	if err := os.Remove(filepath.Join(r.dir, ".git", "objects", blob[:2], blob[2:])); err != nil {
		t.Fatal(err)
	}
	got, err := collect(t.Context(), r.open("plan.md"), gitlog.Range{})
	if err == nil || !strings.Contains(err.Error(), blob) || !strings.Contains(err.Error(), commit) || len(got) != 1 {
		t.Errorf("got %d versions, %v", len(got), err)
	}
}

func TestErrorsAreGitsOwnWordsOnOneLine(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	commit := r.put("plan.md", "a\n", "one")
	r.put("plan.md", "b\n", "two")
	f := r.open("plan.md")
	if err := os.Remove(filepath.Join(r.dir, ".git", "objects", commit[:2], commit[2:])); err != nil {
		t.Fatal(err)
	}
	_, err := f.History(t.Context(), gitlog.Range{})
	if err == nil || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "exit status") || !strings.Contains(err.Error(), commit) {
		t.Errorf("got %q", err)
	}
}

// Not parallel: it counts goroutines, and processes.
func TestStoppingLeavesNothingBehind(t *testing.T) {
	r := newRepo(t)
	for i := range 5 {
		r.put("plan.md", strings.Repeat(fmt.Sprint(i), 1<<20), "version")
	}
	f := r.open("plan.md")
	h, err := f.History(t.Context(), gitlog.Range{})
	if err != nil {
		t.Fatal(err)
	}
	t.Run("breaking out of the loop", func(t *testing.T) {
		defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
		for _, err := range h.Versions(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
		noChildren(t)
	})
	t.Run("cancelling in the loop", func(t *testing.T) {
		defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var last error
		n := 0
		for _, err := range h.Versions(ctx) {
			n++
			last = err
			cancel()
		}
		if !errors.Is(last, context.Canceled) || n > 3 {
			t.Errorf("got %v after %d, want %v", last, n, context.Canceled)
		}
		noChildren(t)
	})
	t.Run("cancelled before", func(t *testing.T) {
		defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := f.History(ctx, gitlog.Range{})
		_, errFind := f.Find(ctx, "HEAD")
		_, errHead := f.Head(ctx)
		_, _, errConflict := f.Conflict(ctx)
		_, errOpen := gitlog.Open(ctx, filepath.Join(r.dir, "plan.md"))
		for _, err := range []error{err, errFind, errHead, errConflict, errOpen} {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want %v", err, context.Canceled)
			}
		}
		noChildren(t)
	})
}

// noChildren checks, where the system tells, that this process has no child, not
// even one that has ended and was not waited for.
func noChildren(t *testing.T) {
	t.Helper()
	files, _ := filepath.Glob("/proc/self/task/*/children")
	for _, file := range files {
		if b, err := os.ReadFile(file); err == nil && len(strings.Fields(string(b))) > 0 {
			t.Errorf("children are left: %s", b)
		}
	}
}
