package chart

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestLook writes every picture into the directory that CAIRN_PICTURES names, for
// somebody to look at.
func TestLook(t *testing.T) {
	dir := os.Getenv("CAIRN_PICTURES")
	if dir == "" {
		t.Skip("CAIRN_PICTURES names no directory")
	}
	for name, s := range summaries(t) {
		for _, kind := range []Kind{Burndown, Burnup, Flow} {
			for look, o := range map[string]Options{"": {}, "-dark": {Dark: true}, "-600": {Width: 600, Height: 338}, "-phone": {Width: 360, Height: 480, Dark: true}} {
				file := filepath.Join(dir, name+"-"+string(kind)+look)
				var b bytes.Buffer
				if err := SVG(&b, s, kind, o); err != nil {
					t.Fatalf("%s: %v", file, err)
				}
				if err := os.WriteFile(file+".svg", b.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
				b.Reset()
				if err := PNG(&b, s, kind, o); err != nil {
					t.Fatalf("%s: %v", file, err)
				}
				if err := os.WriteFile(file+".png", b.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
