package docfile

import (
	"bytes"
	"errors"

	"cairn/server/commands"
	"cairn/server/gitlog"
)

// Tied is a file that follows a checklist.
type Tied struct {
	// Path is absolute; Shown is how messages name it.
	Path, Shown string
	// ImportedSHA256 is the hash of the bytes at the import, where nothing
	// more is remembered.
	ImportedSHA256 string
}

// Status is how a file stands to its checklist.
type Status int

// The ways in which a file can stand.
const (
	// Equal: the file is the checklist's document.
	Equal Status = iota
	// Behind: nobody touched the file since it was last equal; it may be replaced.
	Behind
	// Differs: the file has edits that are not in the log.
	Differs
	// Missing: there is no file.
	Missing
)

// Compare says how the file stands to document. lines is how many lines differ.
func Compare(file Tied, copies Copies, origin, checklist string, document []byte) (status Status, lines int, err error) {
	stands := func(have []byte) Status {
		if bytes.Equal(have, document) {
			return Equal
		}
		sum := Sum(have)
		known, ok := copies.Load(file.Path)
		if ok && known.Origin == origin && known.Checklist == checklist {
			if known.SHA256 == sum {
				return Behind
			}
		} else if sum == file.ImportedSHA256 {
			return Behind
		}
		return Differs
	}
	// Bytes that are known are no half of a save: they need not be at rest.
	if have, _, err := readOnce(file.Path); err == nil {
		if status := stands(have); status != Differs {
			return status, 0, nil
		}
	}
	have, err := Read(file.Path)
	var refusal *commands.Error
	if errors.As(err, &refusal) && refusal.Code == commands.CodeNoFile {
		return Missing, 0, nil
	}
	if err != nil {
		return Differs, 0, err
	}
	if status := stands(have); status != Differs {
		return status, 0, nil
	}
	return Differs, Differing(have, document), nil
}

// Follow brings the file up to the document at revision, if nobody touched it
// meanwhile, and remembers it. It returns how the file stood before.
func Follow(file Tied, copies Copies, origin, checklist string, revision uint64, document []byte) (status Status, lines int, err error) {
	status, lines, err = Compare(file, copies, origin, checklist, document)
	if err != nil || status == Differs || status == Missing {
		return status, lines, err
	}
	if status == Behind {
		if err := Write(file.Path, document); err != nil {
			return status, 0, err
		}
	}
	// To lose the memory is harmless: a file that equals the document is known
	// to be untouched.
	known, _ := copies.Load(file.Path)
	head, _ := gitlog.Checked(file.Path)
	_ = copies.Save(Copy{
		Path: file.Path, Origin: origin, Checklist: checklist, Revision: revision, SHA256: Sum(document),
		Head: head, Taken: known.Taken, Seen: known.Seen,
	})
	return status, 0, nil
}

// Differing counts the lines that one of two texts has and the other has not,
// the larger of both counts: two changed lines are 2.
func Differing(a, b []byte) int {
	count := make(map[string]int)
	for line := range bytes.Lines(a) {
		count[string(line)]++
	}
	onlyB := 0
	for line := range bytes.Lines(b) {
		if count[string(line)] > 0 {
			count[string(line)]--
		} else {
			onlyB++
		}
	}
	onlyA := 0
	for _, n := range count {
		onlyA += n
	}
	return max(onlyA, onlyB, 1)
}
