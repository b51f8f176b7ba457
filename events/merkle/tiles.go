package merkle

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// Tiles are the nodes of a tree in the files of a directory, in the layout of
// C2SP tlog-tiles: tile/<level>/<number>, 256 hashes of 32 bytes each, and
// tile/<level>/<number>.p/<width> for the one that is not full yet. Level 0
// holds the leaves; a hash of level l is the root of a full tile of level l-1.
//
// Tiles are a cache. Nothing in them is believed: a [Tiles.Reader] checks each
// against a root that is known from elsewhere, and [Tiles.Leaves] all of them.
// They may be deleted at any time. This layout never changes.
type Tiles struct{ dir string }

// tileHeight is fixed by C2SP; a full tile has 1<<tileHeight hashes.
const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

// NewTiles returns the tiles below dir, in its folder "tile".
func NewTiles(dir string) Tiles { return Tiles{dir} }

// path returns where a tile lies. C2SP leaves out the height, which tlog names.
func (t Tiles) path(tile tlog.Tile) string {
	return filepath.Join(t.dir, "tile", filepath.FromSlash(strings.TrimPrefix(tile.Path(), "tile/"+strconv.Itoa(tileHeight)+"/")))
}

// Reader reads nodes of the tree with n leaves and that root. What it returns
// is proved to be of that tree. It returns an error where a tile is missing or
// wrong. It is safe for concurrent use.
func (t Tiles) Reader(n uint64, root Hash) tlog.HashReader {
	return tlog.TileHashReader(tlog.Tree{N: int64(n), Hash: root}, tileReader{t})
}

// tileReader is the tlog.TileReader of Tiles.
type tileReader struct{ Tiles }

// Height returns the height of a tile.
func (r tileReader) Height() int { return tileHeight }

// SaveTiles does nothing: the tiles were read from where they would be saved.
func (r tileReader) SaveTiles([]tlog.Tile, [][]byte) {}

// ReadTiles returns the bytes of the tiles.
func (r tileReader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		var err error
		if data[i], err = r.read(tile); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// read returns a tile, or the beginning of a wider one where the log has grown.
func (t Tiles) read(tile tlog.Tile) ([]byte, error) {
	want := tile.W * tlog.HashSize
	full := tile
	full.W = tileWidth
	paths := []string{t.path(tile), t.path(full)}
	if entries, err := os.ReadDir(t.path(full) + ".p"); err == nil {
		for _, e := range entries {
			if w, err := strconv.Atoi(e.Name()); err == nil && w > tile.W {
				paths = append(paths, filepath.Join(t.path(full)+".p", e.Name()))
			}
		}
	}
	for _, path := range paths {
		if b, err := os.ReadFile(path); err == nil && len(b) >= want && len(b) <= tileWidth*tlog.HashSize {
			return b[:want], nil
		}
	}
	return nil, fmt.Errorf("tile %s: %w", t.path(tile), os.ErrNotExist)
}

// Leaves returns the first n leaves, proved to have that root; an error where a
// tile is missing or wrong. It takes 32 bytes a leaf.
func (t Tiles) Leaves(n uint64, root Hash) ([]Hash, error) {
	var leaves []Hash
	var f Frontier
	for tile := (tlog.Tile{H: tileHeight}); uint64(len(leaves)) < n; tile.N++ {
		tile.W = int(min(tileWidth, n-uint64(len(leaves))))
		b, err := t.read(tile)
		if err != nil {
			return nil, err
		}
		for ; len(b) > 0; b = b[tlog.HashSize:] {
			leaves = append(leaves, Hash(b[:tlog.HashSize]))
			f.Append(leaves[len(leaves)-1])
		}
	}
	if f.Root() != root {
		return nil, fmt.Errorf("tiles of %d leaves in %s: %w", n, t.dir, ErrProof)
	}
	return leaves, nil
}

// TileWriter adds leaves to tiles. It is not safe for concurrent use.
type TileWriter struct {
	tiles Tiles
	n     uint64
	edge  [][]Hash // of each level, the hashes of the tile that is not full yet
	had   []int    // of each level, how wide that tile lies in its file
}

// Writer returns a writer that goes on behind n leaves. It returns an error
// where the tiles are not those of n leaves: then [Tiles.Reset] and begin at 0.
func (t Tiles) Writer(n uint64) (*TileWriter, error) {
	w := &TileWriter{tiles: t, n: n}
	for level, count := 0, n; count > 0; level, count = level+1, count>>tileHeight {
		tile := tlog.Tile{H: tileHeight, L: level, N: int64(count >> tileHeight), W: int(count % tileWidth)}
		w.edge, w.had = append(w.edge, nil), append(w.had, tile.W)
		if tile.W == 0 {
			continue
		}
		b, err := os.ReadFile(t.path(tile))
		if err != nil || len(b) != tile.W*tlog.HashSize {
			return nil, fmt.Errorf("tile %s of %d leaves: %w", t.path(tile), n, os.ErrNotExist)
		}
		for ; len(b) > 0; b = b[tlog.HashSize:] {
			w.edge[level] = append(w.edge[level], Hash(b[:tlog.HashSize]))
		}
	}
	return w, nil
}

// Reset removes all tiles.
func (t Tiles) Reset() error { return os.RemoveAll(filepath.Join(t.dir, "tile")) }

// N returns the number of leaves.
func (w *TileWriter) N() uint64 { return w.n }

// Append adds leaves. Full tiles are written, the rest waits for Flush.
func (w *TileWriter) Append(leaves ...Hash) error {
	for _, leaf := range leaves {
		if err := w.push(0, leaf); err != nil {
			return err
		}
		w.n++
	}
	return nil
}

func (w *TileWriter) push(level int, h Hash) error {
	if level == len(w.edge) {
		w.edge, w.had = append(w.edge, nil), append(w.had, 0)
	}
	w.edge[level] = append(w.edge[level], h)
	if len(w.edge[level]) < tileWidth {
		return nil
	}
	number := int64(w.n >> (tileHeight * (level + 1)))
	full := tlog.Tile{H: tileHeight, L: level, N: number, W: tileWidth}
	if err := w.write(full, w.edge[level]); err != nil {
		return err
	}
	if err := os.RemoveAll(w.tiles.path(full) + ".p"); err != nil {
		return err
	}
	var f Frontier
	for _, leaf := range w.edge[level] {
		f.Append(leaf)
	}
	w.edge[level], w.had[level] = w.edge[level][:0], 0
	return w.push(level+1, f.Root())
}

// Flush writes the tiles that are not full. They are not synced: after a crash
// they are what Reader refuses, and are made again.
func (w *TileWriter) Flush() error {
	for level, hashes := range w.edge {
		if len(hashes) == w.had[level] {
			continue
		}
		tile := tlog.Tile{H: tileHeight, L: level, N: int64(w.n >> (tileHeight * (level + 1))), W: len(hashes)}
		if err := w.write(tile, hashes); err != nil {
			return err
		}
		if old := w.had[level]; old > 0 {
			tile.W = old
			if err := os.Remove(w.tiles.path(tile)); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
		}
		w.had[level] = len(hashes)
	}
	return nil
}

// write writes a tile so that a reader sees all of it or nothing.
func (w *TileWriter) write(tile tlog.Tile, hashes []Hash) error {
	path := w.tiles.path(tile)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	b := make([]byte, 0, len(hashes)*tlog.HashSize)
	for i := range hashes {
		b = append(b, hashes[i][:]...)
	}
	if err := os.WriteFile(path+".new", b, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
