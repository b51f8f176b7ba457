package events_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// layers is the house: a package imports only packages with a lower number.
// Packages that are still to come stand here too.
var layers = map[string]int{
	"events":                       0,
	"events/eventstest":            1,
	"events/merkle":                1,
	"events/natslog":               2,
	"events/natslog/natstest":      1,
	"projections":                  1,
	"projections/checklist":        2,
	"projections/members":          2,
	"projections/audit":            3,
	"projections/burndown":         3,
	"projections/chart":            4,
	"projections/report":           5,
	"server/markdown":              3,
	"server/commands":              4,
	"server/commands/commandstest": 5,
	"server/trust":                 5,
	"server/gitlog":                5,
	"server/app":                   6,
	"server/docfile":               7,
	"server/api":                   7,
	"server/api/client":            7,
	"server/web":                   7,
	"server/access":                7,
	"server/webhook":               7,
	"server/github":                7,
	"server/mcp":                   7,
	"server":                       8,
	"cmd/cairn/version":            0,
	"cmd/cairn":                    9,
	"cmd/cairnsim":                 9,
}

// goFile is a Go file of the module that is no test.
type goFile struct {
	path string // from the module's root, with slashes
	dir  string
	ast  *ast.File
	pos  *token.FileSet
}

// goFiles parses all Go files of the module but its tests, whatever their
// build tags.
func goFiles(t *testing.T) []goFile {
	t.Helper()
	const root = ".."
	var files []goFile
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := entry.Name()
		if entry.IsDir() {
			if base == "testdata" || name != root && strings.HasPrefix(base, ".") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(base, ".go") || strings.HasSuffix(base, "_test.go") {
			return nil
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		pos := token.NewFileSet()
		parsed, err := parser.ParseFile(pos, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		files = append(files, goFile{path: rel, dir: path.Dir(rel), ast: parsed, pos: pos})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("no Go files found")
	}
	return files
}

func TestEachPackageImportsOnlyLowerLayers(t *testing.T) {
	t.Parallel()
	for _, f := range goFiles(t) {
		own, ok := layers[f.dir]
		if !ok {
			t.Errorf("%s: package %s has no place in the layer table", f.path, f.dir)
			continue
		}
		for _, spec := range f.ast.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatalf("%s: import %s: %v", f.path, spec.Path.Value, err)
			}
			dir, inside := strings.CutPrefix(imported, "cairn/")
			if !inside {
				continue
			}
			layer, ok := layers[dir]
			if !ok {
				t.Errorf("%s imports %s, which has no place in the layer table", f.path, dir)
				continue
			}
			if layer >= own {
				t.Errorf("%s (layer %d) imports %s (layer %d); only lower layers may be imported", f.path, own, dir, layer)
			}
		}
	}
}

func TestCodeStandsInFourRooms(t *testing.T) {
	t.Parallel()
	for _, f := range goFiles(t) {
		switch room, _, _ := strings.Cut(f.path, "/"); room {
		case "cmd", "events", "projections", "server":
		default:
			t.Errorf("%s: Go code stands in cmd, events, projections or server", f.path)
		}
	}
}

// The version is answered before all else is initialised; nothing else does
// anything in an init.
func TestNoInitAndNoReflectionInEvents(t *testing.T) {
	t.Parallel()
	for _, f := range goFiles(t) {
		for _, decl := range f.ast.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" && f.dir != "cmd/cairn/version" {
				t.Errorf("%s: func init; say it where it is needed", f.pos.Position(fn.Pos()))
			}
		}
		if f.dir != "events" && !strings.HasPrefix(f.dir, "events/") {
			continue
		}
		for _, spec := range f.ast.Imports {
			if spec.Path.Value == `"reflect"` {
				t.Errorf("%s imports reflect; the event language is one closed table", f.path)
			}
		}
	}
}
