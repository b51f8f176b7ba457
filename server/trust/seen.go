package trust

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"cairn/events"
	"cairn/events/merkle"
)

// Seen is what a client remembers of the log that it reached through a server, a
// file for each place:
//
//	{"place":"https://cairn.example.com","origin":"cairn/0199…","n":412,"root":"…",
//	 "told":[{"n":413,"root":"…"}],"checkpoint":"cairn/0199…\n412\n…\n\n— cairn/0199… …\n"}
//
// n and root were proved to go on from what was remembered before. told is what
// the server said behind that, about the client's own changes: it is proved, too,
// on the next contact. New members are optional. A missing or unreadable file is
// harmless: nothing is compared then.
type Seen struct {
	Place      string      `json:"place"`
	Origin     string      `json:"origin"`
	N          uint64      `json:"n"`
	Root       merkle.Hash `json:"root"`
	Told       []Told      `json:"told,omitempty"`
	Checkpoint string      `json:"checkpoint,omitempty"`
}

// Told is a root that a server told.
type Told struct {
	N    uint64      `json:"n"`
	Root merkle.Hash `json:"root"`
}

// Sizes are those at which something was seen, the smallest first.
func (s *Seen) Sizes() []uint64 {
	if s == nil {
		return nil
	}
	sizes := []uint64{s.N}
	for _, t := range s.Told {
		sizes = append(sizes, t.N)
	}
	return sizes
}

// Last is the most that was seen.
func (s *Seen) Last() merkle.Checkpoint {
	if len(s.Told) > 0 {
		t := s.Told[len(s.Told)-1]
		return merkle.Checkpoint{Origin: s.Origin, N: t.N, Root: t.Root}
	}
	return merkle.Checkpoint{Origin: s.Origin, N: s.N, Root: s.Root}
}

// Continues returns Damage unless the log of now, whose proofs are those for
// s.Sizes, goes on from everything that was seen. It is pure.
func (s *Seen) Continues(now merkle.Checkpoint, proofs [][]merkle.Hash) *Damage {
	var d *Damage
	last := s.Last()
	switch {
	case now.Origin != s.Origin:
		d = damage(Origin, 1, "%s serves another log (%s) than the one seen there (%s)", s.Place, now.Origin, s.Origin)
	case now.N < last.N:
		d = damage(Shorter, events.Seq(now.N)+1, "the log is shorter than it was: it ends at @%d, we saw @%d", now.N, last.N)
	case len(proofs) != len(s.Sizes()):
		d = damage(Fork, 0, "%s does not prove that its log goes on from what we saw", s.Place)
	}
	for i, old := range slices.Concat([]Told{{s.N, s.Root}}, s.Told) {
		if d == nil && !goesOn(proofs[i], now, merkle.Checkpoint{Origin: s.Origin, N: old.N, Root: old.Root}) {
			d = damage(Fork, 0, "the log of %s is not the one it was: its first %d events differ from what we saw", s.Place, old.N)
		}
	}
	if d != nil {
		d.Hint = fmt.Sprintf("  remembered  @%d %s  %s\n  there       @%d %s  %s\nNothing was written.", last.N, last.Root, last.Origin, now.N, now.Root, now.Origin)
	}
	return d
}

func goesOn(hashes []merkle.Hash, now, old merkle.Checkpoint) bool {
	if old.N == now.N {
		return old.Root == now.Root
	}
	return merkle.CheckConsistency(hashes, now, old) == nil
}

// Memory is the folder in which a client remembers the logs of servers; empty for
// none.
type Memory string

func (m Memory) path(place string) string {
	sum := sha256.Sum256([]byte(place))
	return filepath.Join(string(m), hex.EncodeToString(sum[:16])+".json")
}

// File returns where a place is remembered.
func (m Memory) File(place string) string { return m.path(place) }

// Recall returns what is remembered of a place; nil if nothing is.
func (m Memory) Recall(place string) *Seen {
	if m == "" {
		return nil
	}
	return readSeen(m.path(place))
}

// RecallOrigin returns the most that is remembered of a log, at whatever place;
// nil if nothing is.
func (m Memory) RecallOrigin(origin string) *Seen {
	var best *Seen
	files, _ := filepath.Glob(filepath.Join(string(m), "*.json"))
	for _, path := range files {
		if s := readSeen(path); s != nil && s.Origin == origin && (best == nil || s.Last().N > best.Last().N) {
			best = s
		}
	}
	return best
}

func readSeen(path string) *Seen {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	var s Seen
	if json.Unmarshal(b, &s) != nil || s.Origin == "" || s.N == 0 {
		return nil
	}
	for i, n := range s.Sizes()[1:] {
		if n <= s.Sizes()[i] {
			return nil
		}
	}
	return &s
}

// Remember writes down what was seen.
func (m Memory) Remember(s Seen) error {
	if m == "" {
		return nil
	}
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(string(m), 0o700); err != nil {
		return fmt.Errorf("%w: %w", events.ErrStorage, err)
	}
	f, err := os.CreateTemp(string(m), ".new-*")
	if err != nil {
		return fmt.Errorf("%w: %w", events.ErrStorage, err)
	}
	_, err = f.Write(append(b, '\n'))
	f.Close()
	if err == nil {
		err = os.Rename(f.Name(), m.path(s.Place))
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("%w: %w", events.ErrStorage, err)
	}
	return nil
}
