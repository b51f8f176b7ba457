package trust

import (
	"context"

	"cairn/events"
	"cairn/events/merkle"
)

// locate looks for the first event that is not the one that was recorded, and
// makes that the damage if it comes before d, or if d says only that there is
// one. It reads the log once more.
func (v *verification) locate(ctx context.Context, d *Damage) error {
	vague := d.Kind == Altered || d.Kind == Fork
	end := d.Seq // nothing behind is of interest
	if vague {
		end = max(v.found.Head.N, v.check.N)
	}
	head := v.found.Head
	var leaves []merkle.Hash
	exact := false
	if v.log.KeyDir() != "" {
		var err error
		leaves, err = v.log.Tiles().Leaves(uint64(head.N), head.Root)
		exact = err == nil
	}
	var parts []*part
	if !exact {
		parts = append(parts, partsOf(head.Frontier)...)
	}
	if v.seen != nil && v.seen.Origin == v.check.Origin {
		parts = append(parts, partsOf(v.seen.Frontier)...)
	}
	for s, err := range v.log.Scan(ctx, 0) {
		if err != nil {
			return err
		}
		if s.Seq > end {
			break
		}
		env := s.Decode()
		leaf, err := merkle.LeafOf(&env)
		if err != nil {
			continue // reported as unreadable
		}
		if exact && int(s.Seq) <= len(leaves) && leaves[s.Seq-1] != leaf && (vague || s.Seq < d.Seq) {
			d.Kind, d.Seq = Altered, s.Seq
			d.Message = damage(Altered, s.Seq, "@%d is another event than the one that was recorded", s.Seq).Message
			return nil
		}
		for _, p := range parts {
			p.add(uint64(s.Seq-1), leaf)
		}
	}
	if p := firstWrong(parts); p != nil && (vague || events.Seq(p.First) < d.Seq) {
		d.Seq = events.Seq(p.First) + 1
		d.Message = damage(d.Kind, d.Seq, "an event from @%d to @%d is another one than the one that was recorded", p.First+1, p.First+p.N).Message
		if p.N == 1 {
			d.Message = damage(d.Kind, d.Seq, "@%d is another event than the one that was recorded", p.First+1).Message
		}
		d.Kind = Altered
	}
	return nil
}

// part is a complete subtree whose root is known, and what the log has there.
type part struct {
	merkle.Peak
	tree merkle.Frontier
}

func partsOf(f merkle.Frontier) []*part {
	var parts []*part
	for _, p := range f.Peaks() {
		parts = append(parts, &part{Peak: p})
	}
	return parts
}

// add takes in the leaf at index, if it is the next of the part.
func (p *part) add(index uint64, leaf merkle.Hash) {
	if n := p.tree.N(); n < p.N && index == p.First+n {
		p.tree.Append(leaf)
	}
}

// firstWrong returns the part with other events that begins first, and of those
// the smallest; nil if there is none.
func firstWrong(parts []*part) *part {
	var first *part
	for _, p := range parts {
		if p.tree.N() < p.N || p.tree.Root() == p.Root {
			continue
		}
		if first == nil || p.First < first.First || p.First == first.First && p.N < first.N {
			first = p
		}
	}
	return first
}

// refresh makes the tiles of a log that has none, or those of another tree.
func (v *verification) refresh(ctx context.Context) error {
	if v.log.KeyDir() == "" {
		return nil
	}
	head := v.found.Head
	tiles := v.log.Tiles().Reader(uint64(head.N), head.Root)
	_, err1 := merkle.Inclusion(tiles, uint64(head.N), 0)
	_, err2 := merkle.Inclusion(tiles, uint64(head.N), uint64(head.N)-1)
	if err1 == nil && err2 == nil {
		return nil
	}
	return v.log.MakeTiles(ctx)
}
