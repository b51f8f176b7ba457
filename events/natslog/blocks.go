package natslog

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/minio/highwayhash"

	"cairn/events"
)

// After a crash JetStream reads its blocks anew, and cuts off a block at the
// first message whose checksum is wrong, with all that follows: one flipped bit
// would cost thousands of events that are there and whole. So where a store was
// not closed in good order, its blocks are read before JetStream sees them, and a
// bad message among those that were acknowledged ends the opening, with the
// store as it is. What was being written when the crash came lies behind the
// head; JetStream may cut that off.
//
// A store that was closed in good order is believed, but for the end of its last
// block, which JetStream would cut off, too.
//
// A message in a block is (little endian)
//
//	4  length of all of it; the high bit says that it has headers
//	8  sequence; its high bits mark what is no event
//	8  time
//	2  length of the subject, which follows
//	4  length of the headers, which follow (only where it has headers)
//	   body
//	8  HighwayHash-64 of sequence, time, subject, headers and body; the key is
//	   the SHA-256 of "CAIRN-<number of the block>"
const (
	recordHeader = 22
	recordSum    = 8
	hasHeaders   = 1 << 31
	notAnEvent   = 3 << 62
)

// checkBlocks returns an error if an event up to n cannot be read. It reads the
// last message, and all of a store that was not closed in good order or where
// that one is damaged.
func checkBlocks(dir string, n events.Seq) error {
	blocks, dirty := blocksOf(dir)
	if !dirty && (len(blocks) == 0 || endsWell(blocks[len(blocks)-1])) {
		return nil
	}
	seq := events.Seq(0)
	for _, path := range blocks {
		last, end, err := readBlock(path, seq)
		if err != nil {
			return err
		}
		if seq = last; !end && seq < n {
			e := damaged("the log in %s is damaged: @%d cannot be read", dir, seq+1)
			e.Seq = seq + 1
			return e
		}
	}
	return nil // a log that is shorter than it was is noticed later
}

// blocksOf returns the files of messages, in their order, and whether one is
// younger than what JetStream writes when it ends.
func blocksOf(dir string) (paths []string, dirty bool) {
	paths, _ = filepath.Glob(filepath.Join(storePath(dir), "jetstream", "*", "streams", streamName, "msgs", "*.blk"))
	slices.SortFunc(paths, func(a, b string) int { return cmp.Compare(blockNumber(a), blockNumber(b)) })
	for _, path := range paths {
		index, err1 := os.Stat(filepath.Join(filepath.Dir(path), "index.db"))
		block, err2 := os.Stat(path)
		if err1 != nil || err2 != nil || block.ModTime().After(index.ModTime()) {
			return paths, true
		}
	}
	return paths, false
}

func blockNumber(path string) int {
	n, _ := strconv.Atoi(strings.TrimSuffix(filepath.Base(path), ".blk"))
	return n
}

// endsWell reports whether a block ends with a whole message. Its beginning is
// found from behind: it says how long the message is.
func endsWell(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return false
	}
	sum := checksum(path)
	for _, most := range []int64{8 << 10, events.MaxEvent + 64<<10} {
		b := make([]byte, min(most, info.Size()))
		if _, err := f.ReadAt(b, info.Size()-int64(len(b))); err != nil {
			return false
		}
		for at := len(b) - recordHeader - recordSum; at >= 0; at-- {
			if int(binary.LittleEndian.Uint32(b[at:])&^hasHeaders) != len(b)-at {
				continue
			}
			if _, size := record(b[at:], sum); size == len(b)-at {
				return true
			}
		}
	}
	return info.Size() == 0
}

// checksum returns the hash of the messages in a block.
func checksum(path string) hash.Hash64 {
	key := sha256.Sum256(fmt.Appendf(nil, "%s-%d", streamName, blockNumber(path)))
	sum, err := highwayhash.NewDigest64(key[:])
	if err != nil {
		panic(err) // only of a key of another length
	}
	return sum
}

// record returns the sequence of the message at the beginning of b, with its
// marks, and how long it is: 0 if it cannot be read.
func record(b []byte, sum hash.Hash64) (seq uint64, size int) {
	le := binary.LittleEndian
	if len(b) < recordHeader+recordSum {
		return 0, 0
	}
	size = int(le.Uint32(b) &^ hasHeaders)
	subject := recordHeader + int(le.Uint16(b[20:]))
	rest := subject
	if le.Uint32(b)&hasHeaders != 0 {
		rest += 4
	}
	if size > len(b) || rest+recordSum > size {
		return 0, 0
	}
	sum.Reset()
	_, _ = sum.Write(b[4:20])
	_, _ = sum.Write(b[recordHeader:subject])
	_, _ = sum.Write(b[rest : size-recordSum])
	if !bytes.Equal(sum.Sum(nil), b[size-recordSum:size]) {
		return 0, 0
	}
	return le.Uint64(b[4:]), size
}

// readBlock returns the last sequence that follows on seq in a block, and whether
// the block ends there. What cannot be read ends the reading.
func readBlock(path string, seq events.Seq) (last events.Seq, end bool, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return seq, false, &Error{Err: events.ErrStorage, Cause: err, Hint: hintDisk, Message: fmt.Sprintf("%s cannot be read", path)}
	}
	sum := checksum(path)
	for len(b) > 0 {
		at, size := record(b, sum)
		if size == 0 {
			break
		}
		if at&notAnEvent == 0 {
			if events.Seq(at) != seq+1 {
				break
			}
			seq++
		}
		b = b[size:]
	}
	return seq, len(b) == 0, nil
}
