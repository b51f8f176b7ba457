package natslog

import (
	"errors"
	"testing"

	"cairn/events"
	"cairn/events/merkle"
)

// Trap: the events of a large batch can be read one after the other while they are
// stored, before its acknowledgement comes. The log is not shorter than it was.
func TestBatchReadInPart(t *testing.T) {
	t.Parallel()
	var leaves []merkle.Hash
	for _, body := range []string{"1", "2", "3", "4", "5", "6"} {
		leaves = append(leaves, merkle.Leaf([]byte(body)))
	}
	for read := range leaves { // of the six, catchUp read so many besides the first
		k := &remoteHead{}
		for _, leaf := range leaves[:read+1] {
			k.frontier.Append(leaf)
			k.leaf = leaf
		}
		if err := k.appended(t.Context(), 2, leaves[1:]); err != nil {
			t.Errorf("%d read: %v", read, err)
		}
		var want merkle.Frontier
		for _, leaf := range leaves {
			want.Append(leaf)
		}
		if got := k.get(); got.N != events.Seq(len(leaves)) || got.Root != want.Root() || got.Leaf != leaves[5] {
			t.Errorf("%d read: got @%d %v, want @%d %v", read, got.N, got.Root, len(leaves), want.Root())
		}
	}
	k := &remoteHead{}
	for _, body := range []string{"1", "2", "another"} {
		k.leaf = merkle.Leaf([]byte(body))
		k.frontier.Append(k.leaf)
	}
	if err := k.appended(t.Context(), 2, leaves[1:]); !errors.Is(err, events.ErrIntegrity) {
		t.Errorf("another event at @3: got %v, want ErrIntegrity", err)
	}
}
