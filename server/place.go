// Package server puts Cairn together: it finds the log, opens it and gives an
// App over it.
//
// For most uses, [Locate] the log as the command line does and [Open] it.
package server

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"

	"cairn/events/natslog"
)

// Place is where a log is, or would be made.
type Place struct {
	// Dir is the log's directory; empty where a server has it.
	Dir string
	// URL is that of the server.
	URL string
	// Base is the directory that files of the log's checklists are named from:
	// the repository's work tree, or what the .cairn lies in; empty if none.
	Base string
	// Exists says that a log was set up there.
	Exists bool
	// Others are further places with logs that were not chosen.
	Others []string
	// Git says that Dir lies in a repository's common git directory.
	Git bool
}

// Env is what Locate reads of the process's surroundings.
type Env struct {
	// Cwd is the absolute working directory.
	Cwd string
	// Data is --data, else $CAIRN_DATA; empty if neither is given.
	Data string
	// Server is the URL of --server, else of $CAIRN_SERVER, in the form of
	// CheckURL; empty if neither is given. It comes before Data.
	Server string
	// Here asks for a directory, whatever server a repository names.
	Here bool
	// DataHome is $XDG_DATA_HOME or its default; empty if there is no home.
	DataHome string
}

// Locate returns where the log is: Server, else Data, else what is nearest upwards,
// the server of a .cairn-server or a .cairn, else cairn in the repository's common
// git directory, else DataHome/cairn. A directory with a log comes before one
// without; among those without, the git directory comes first. It returns an error
// about a .cairn-server that names no server.
func Locate(env Env) (Place, error) {
	top, common := gitDirs(env.Cwd)
	if env.Server != "" {
		return Place{URL: env.Server, Base: top, Exists: true}, nil
	}
	if env.Data != "" {
		dir := env.Data
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(env.Cwd, dir)
		}
		base := top
		if filepath.Base(dir) == ".cairn" {
			base = filepath.Dir(dir)
		}
		return Place{Dir: dir, Base: base, Exists: natslog.Exists(dir) || announces(dir)}, nil
	}
	var candidates []Place
	for dir := env.Cwd; ; dir = filepath.Dir(dir) {
		if !env.Here {
			if url, err := readAddress(dir); err != nil || url != "" {
				return Place{URL: url, Base: dir, Exists: true}, err
			}
		}
		at := filepath.Join(dir, ".cairn")
		if info, err := os.Stat(at); err == nil && info.IsDir() {
			candidates = append(candidates, Place{Dir: at, Base: dir})
			break
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	if common != "" {
		candidates = append(candidates, Place{Dir: filepath.Join(common, "cairn"), Base: top, Git: true})
	}
	if env.DataHome != "" {
		candidates = append(candidates, Place{Dir: filepath.Join(env.DataHome, "cairn")})
	}
	chosen := -1
	for i := range candidates {
		candidates[i].Exists = natslog.Exists(candidates[i].Dir)
		if candidates[i].Exists && chosen < 0 {
			chosen = i
		}
	}
	if chosen < 0 {
		if len(candidates) == 0 {
			return Place{}, nil
		}
		return candidates[0], nil
	}
	p := candidates[chosen]
	for i, c := range candidates {
		if i != chosen && c.Exists && c.Dir != p.Dir {
			p.Others = append(p.Others, c.Dir)
		}
	}
	return p, nil
}

// gitDirs returns the work tree that dir lies in and its repository's common
// git directory, both absolute; empty if there is no repository. It reads the
// files that git documents (.git as a directory or a "gitdir:" line, commondir)
// and does not start git.
func gitDirs(dir string) (top, common string) {
	for ; ; dir = filepath.Dir(dir) {
		at := filepath.Join(dir, ".git")
		info, err := os.Stat(at)
		switch {
		case err != nil:
		case info.IsDir():
			if _, err := os.Stat(filepath.Join(at, "HEAD")); err == nil {
				return dir, at
			}
		default:
			if git := firstLine(at, "gitdir:"); git != "" {
				return dir, commonDir(absolute(git, dir))
			}
		}
		if dir == filepath.Dir(dir) {
			return "", ""
		}
	}
}

// commonDir returns the directory that all work trees of a repository share.
func commonDir(git string) string {
	if shared := firstLine(filepath.Join(git, "commondir"), ""); shared != "" {
		return absolute(shared, git)
	}
	return git
}

func absolute(path, from string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(from, path)
}

// firstLine returns what stands behind prefix in the first line of a file.
func firstLine(path, prefix string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	if !s.Scan() {
		return ""
	}
	rest, ok := strings.CutPrefix(s.Text(), prefix)
	if !ok {
		return ""
	}
	return strings.TrimSpace(rest)
}
