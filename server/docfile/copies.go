package docfile

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
)

// Copy is what is remembered about one copy of a file: which checklist it
// follows, and what it was last equal to. It lies with the client; losing it is
// harmless.
//
//	{"path":"/home/ada/beam/plan.md","origin":"cairn/0199…","checklist":"plan","revision":94,"sha256":"…"}
type Copy struct {
	Path      string `json:"path"`
	Origin    string `json:"origin"`
	Checklist string `json:"checklist"`
	Revision  uint64 `json:"revision"`
	SHA256    string `json:"sha256"`
	// Head is the commit that was checked out then; empty outside of git.
	Head string `json:"head,omitempty"`
	// Taken is the last commit of the file whose edits are known to be in the
	// log.
	Taken string `json:"taken,omitempty"`
	// Seen is the commit that was checked out at the last sync: all up to it
	// has been looked at.
	Seen string `json:"seen,omitempty"`
}

// Copies is the folder in which copies are remembered, one file each. The zero
// Copies remembers nothing. It is not safe for concurrent use.
type Copies struct {
	Dir string
	// seen is what this process saved, also where the folder did not take it.
	seen map[string]Copy
}

// NewCopies returns the copies remembered in dir; with an empty dir they are
// remembered as long as the process lives.
func NewCopies(dir string) Copies { return Copies{Dir: dir, seen: make(map[string]Copy)} }

func (c Copies) file(path string) string {
	sum := sha256.Sum256([]byte(path))
	return filepath.Join(c.Dir, hex.EncodeToString(sum[:16])+".json")
}

// Load returns what is remembered about the file at an absolute path. What
// cannot be read counts as forgotten.
func (c Copies) Load(path string) (Copy, bool) {
	if known, ok := c.seen[path]; ok {
		return known, true
	}
	if c.Dir == "" {
		return Copy{}, false
	}
	b, err := os.ReadFile(c.file(path))
	if err != nil {
		return Copy{}, false
	}
	var known Copy
	if json.Unmarshal(b, &known) != nil || known.Path != path {
		return Copy{}, false
	}
	return known, true
}

// Save remembers a copy. What is remembered so already is not written again.
func (c Copies) Save(known Copy) error {
	if was, ok := c.Load(known.Path); ok && was == known {
		return nil
	}
	if c.seen != nil {
		c.seen[known.Path] = known
	}
	if c.Dir == "" {
		return nil
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return fmt.Errorf("remember %s: %w", known.Path, err)
	}
	b, err := json.Marshal(known)
	if err != nil {
		return fmt.Errorf("remember %s: %w", known.Path, err)
	}
	file := c.file(known.Path)
	f, err := renameio.NewPendingFile(file, renameio.WithTempDir(c.Dir), renameio.WithPermissions(0o600))
	if err != nil {
		return fmt.Errorf("remember %s: %w", known.Path, err)
	}
	defer f.Cleanup()
	if _, err := f.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("remember %s: %w", known.Path, err)
	}
	// Without fsync: what is lost is found out again.
	if err := f.Close(); err != nil {
		return fmt.Errorf("remember %s: %w", known.Path, err)
	}
	if err := os.Rename(f.Name(), file); err != nil {
		return fmt.Errorf("remember %s: %w", known.Path, err)
	}
	return nil
}
