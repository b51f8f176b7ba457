package gitlog

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
)

// Checked returns the commit that is checked out where path lies, and what git is
// in the middle of there (see [File.Busy]), without running git; "" where
// there is none, or where git's files alone do not tell.
func Checked(path string) (commit, busy string) {
	full, err := filepath.Abs(path)
	if err != nil {
		return "", ""
	}
	for dir := filepath.Dir(full); ; dir = filepath.Dir(dir) {
		if git := gitDirIn(dir); git != "" {
			return headIn(git), busyIn(git)
		}
		if dir == filepath.Dir(dir) {
			return "", ""
		}
	}
}

// gitDirIn returns the git directory of a work tree's top; "" if dir is none.
func gitDirIn(dir string) string {
	git := filepath.Join(dir, ".git")
	info, err := os.Stat(git)
	switch {
	case err != nil:
		return ""
	case info.IsDir():
		return git
	}
	b, err := os.ReadFile(git) // a linked work tree, a submodule
	if err != nil {
		return ""
	}
	to, ok := strings.CutPrefix(strings.TrimSpace(string(b)), "gitdir: ")
	if !ok {
		return ""
	}
	if !filepath.IsAbs(to) {
		to = filepath.Join(dir, to)
	}
	return to
}

// headIn reads HEAD of a git directory.
func headIn(git string) string {
	b, err := os.ReadFile(filepath.Join(git, "HEAD"))
	if err != nil {
		return ""
	}
	head := strings.TrimSpace(string(b))
	ref, symbolic := strings.CutPrefix(head, "ref: ")
	if !symbolic {
		return head
	}
	common := git
	if b, err := os.ReadFile(filepath.Join(git, "commondir")); err == nil {
		if common = strings.TrimSpace(string(b)); !filepath.IsAbs(common) {
			common = filepath.Join(git, common)
		}
	}
	for _, dir := range []string{git, common} {
		if b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(ref))); err == nil {
			return strings.TrimSpace(string(b))
		}
	}
	f, err := os.Open(filepath.Join(common, "packed-refs"))
	if err != nil {
		return ""
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if hash, name, ok := strings.Cut(s.Text(), " "); ok && name == ref {
			return hash
		}
	}
	return ""
}
