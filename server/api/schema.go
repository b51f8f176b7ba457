package api

import (
	"path"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// schemaName names a type in the OpenAPI document: those of the projections with
// their package's name, as two of them have a Document.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	pkg := t.PkgPath()
	if !strings.HasPrefix(pkg, "cairn/") || t.Name() == "" {
		return name
	}
	if !strings.HasPrefix(pkg, "cairn/projections/") {
		return strings.TrimPrefix(name, "JSON")
	}
	room := path.Base(pkg)
	room = strings.ToUpper(room[:1]) + room[1:]
	if !strings.HasPrefix(name, room) {
		name = room + name
	}
	return name
}
