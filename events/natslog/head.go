package natslog

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"math/bits"
	"os"
	"path/filepath"
	"sync"
	"time"

	"cairn/events"
	"cairn/events/merkle"
)

// The head file has two slots of 4096 bytes, written in turn and in place, so
// that one of them is always whole. A slot is
//
//	"CAIRNHD1"  8 bytes
//	frontier    n as 8 bytes, big endian, then 32 bytes for each set bit of n
//	leaf        32 bytes: the hash of event n
//	crc         4 bytes, big endian: CRC-32C of all before
//
// The valid slot with the larger n counts. This form never changes; a new one
// gets another magic.
const (
	headMagic = "CAIRNHD1"
	slotSize  = 4096
	syncEvery = time.Second
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// encodeSlot returns the bytes of a slot.
func encodeSlot(f *merkle.Frontier, leaf merkle.Hash) []byte {
	b := append([]byte(headMagic), f.Marshal()...)
	b = append(b, leaf[:]...)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// decodeSlot returns the head in b, or false if it is torn or empty.
func decodeSlot(b []byte) (h Head, ok bool) {
	rest, ok := bytes.CutPrefix(b, []byte(headMagic))
	if !ok || len(rest) < 8 {
		return h, false
	}
	frontier := 8 + 32*bits.OnesCount64(binary.BigEndian.Uint64(rest))
	size := len(headMagic) + frontier + 32
	if len(b) < size+4 || binary.BigEndian.Uint32(b[size:]) != crc32.Checksum(b[:size], castagnoli) {
		return h, false
	}
	if h.Frontier.Unmarshal(rest[:frontier]) != nil {
		return h, false
	}
	return headOf(h.Frontier, merkle.Hash(rest[frontier:])), true
}

func headOf(f merkle.Frontier, leaf merkle.Hash) Head {
	return Head{N: events.Seq(f.N()), Root: f.Root(), Leaf: leaf, Frontier: f}
}

// errNoHead is returned for a head file without a whole slot.
var errNoHead = errors.New("no whole slot")

// decodeHead returns the newer whole slot of a head file, and which it is.
func decodeHead(b []byte) (h Head, slot int, err error) {
	slot = -1
	for i := range 2 {
		if len(b) < i*slotSize {
			break
		}
		if s, ok := decodeSlot(b[i*slotSize : min(len(b), (i+1)*slotSize)]); ok && (slot < 0 || s.N > h.N) {
			h, slot = s, i
		}
	}
	if slot < 0 {
		return h, slot, errNoHead
	}
	return h, slot, nil
}

// Peek returns the head of the log in dir without its lock: what the last
// writer reported. It costs one small read. It returns [ErrNotFound] where
// there is no log.
func Peek(dir string) (Head, error) {
	for try := 0; ; try++ {
		b, err := os.ReadFile(headPath(dir))
		if errors.Is(err, fs.ErrNotExist) {
			return Head{}, notFound(dir)
		}
		if err != nil {
			return Head{}, fmt.Errorf("read the head of %s: %w (%w)", dir, events.ErrStorage, err)
		}
		h, _, err := decodeHead(b)
		if err == nil {
			return h, nil
		}
		if try == 3 { // not merely caught between two writes
			return Head{}, damaged("%s is damaged", headPath(dir))
		}
	}
}

// fileHead keeps the head in a file. Every acknowledged event is in it before
// Append returns; the disk has it a second later, or when the log is closed. A
// head that is behind is normal after a crash, one that is ahead of the store
// proves that the store lost events.
type fileHead struct {
	f *os.File

	mu       sync.Mutex // guards all below
	frontier merkle.Frontier
	leaf     merkle.Hash
	slot     int                          // of the next write
	dirty    bool                         // since the last sync
	early    map[events.Seq][]merkle.Hash // acknowledged, but what is before them not yet
	moved    chan struct{}
	leaves   []merkle.Hash // of the head, but not in the tiles yet

	flushing sync.Mutex // held while leaves go into the tiles, in their order
	tiles    *tiles

	stop, stopped chan struct{}
}

// openHead returns the keeper of path, which starts at h.
func openHead(path string, h Head, slot int) (*fileHead, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, unwritable(path, err)
	}
	k := &fileHead{
		f: f, frontier: h.Frontier.Clone(), leaf: h.Leaf, slot: 1 - max(slot, 0),
		early: make(map[events.Seq][]merkle.Hash), moved: make(chan struct{}),
		tiles: &tiles{Tiles: merkle.NewTiles(filepath.Dir(path))},
		stop:  make(chan struct{}), stopped: make(chan struct{}),
	}
	go k.syncing()
	return k, nil
}

func (k *fileHead) get() Head {
	k.mu.Lock()
	defer k.mu.Unlock()
	return headOf(k.frontier.Clone(), k.leaf)
}

func (k *fileHead) appended(ctx context.Context, first events.Seq, leaves []merkle.Hash) error {
	last := first + events.Seq(len(leaves)) - 1
	k.mu.Lock()
	n := events.Seq(k.frontier.N())
	if _, twice := k.early[first]; twice || first <= n {
		k.mu.Unlock()
		// After its tail was cut, JetStream gives the lost numbers again.
		return damaged("the log is shorter than it was: it stored an event at @%d, we saw @%d", first, n)
	}
	k.early[first] = leaves
	err := k.advance()
	for err == nil && events.Seq(k.frontier.N()) < last {
		moved := k.moved
		k.mu.Unlock()
		select {
		case <-moved:
		case <-ctx.Done():
			return damaged("the log stored an event at @%d, but what is before it was never acknowledged", first)
		}
		k.mu.Lock()
	}
	k.mu.Unlock()
	return err
}

// advance takes in what follows the head, and writes it. k.mu must be held.
func (k *fileHead) advance() error {
	began := k.frontier.N()
	for {
		next := events.Seq(k.frontier.N()) + 1
		leaves, ok := k.early[next]
		if !ok {
			break
		}
		delete(k.early, next)
		for _, leaf := range leaves {
			k.frontier.Append(leaf)
		}
		k.leaves = append(k.leaves, leaves...)
		k.leaf = leaves[len(leaves)-1]
	}
	if k.frontier.N() == began {
		return nil
	}
	err := k.write()
	close(k.moved)
	k.moved = make(chan struct{})
	return err
}

// write writes the next slot. k.mu must be held.
func (k *fileHead) write() error {
	if _, err := k.f.WriteAt(encodeSlot(&k.frontier, k.leaf), int64(k.slot)*slotSize); err != nil {
		return unwritable(k.f.Name(), err)
	}
	k.slot, k.dirty = 1-k.slot, true
	return nil
}

// sync puts what was written on the disk, and the leaves into the tiles.
func (k *fileHead) sync() error {
	k.flush()
	k.mu.Lock()
	dirty := k.dirty
	k.dirty = false
	k.mu.Unlock()
	if !dirty {
		return nil
	}
	if err := k.f.Sync(); err != nil {
		return unwritable(k.f.Name(), err)
	}
	return nil
}

// flush puts the leaves into the tiles.
func (k *fileHead) flush() {
	k.flushing.Lock()
	defer k.flushing.Unlock()
	k.mu.Lock()
	leaves, n := k.leaves, k.frontier.N()
	k.leaves = nil
	k.mu.Unlock()
	k.tiles.add(n-uint64(len(leaves)), leaves)
}

// syncing syncs once a second until close.
func (k *fileHead) syncing() {
	defer close(k.stopped)
	tick := time.NewTicker(syncEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if k.sync() != nil {
				k.mu.Lock()
				k.dirty = true // again in a second, and reported by close
				k.mu.Unlock()
			}
		case <-k.stop:
			return
		}
	}
}

func (k *fileHead) close() error {
	close(k.stop)
	<-k.stopped
	return errors.Join(k.sync(), k.f.Close())
}
