package commands

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Strictly reads what was sent as name, one JSON object, into a struct. It refuses,
// with CodeUsage, what another reader could take for something else: members that
// the struct does not have, one that is there twice, values of another type, more
// than one value, and bytes that are not UTF-8. The hint names the members.
func Strictly(name string, body []byte, into any) error {
	err := Unambiguous(body)
	if err == nil {
		dec := json.NewDecoder(bytes.NewReader(body))
		dec.DisallowUnknownFields()
		if err = dec.Decode(into); err != nil {
			err = misfit(body, into, err)
		}
	}
	if err == nil {
		return nil
	}
	return &Error{Code: CodeUsage, Message: fmt.Sprintf("%s: %v", name, err), Hint: takes(into)}
}

// mostNested is how many objects and lists may stand in each other.
const mostNested = 64

// Unambiguous returns an error unless body is one JSON value that every reader
// reads the same way.
func Unambiguous(body []byte) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return errors.New("there is no JSON")
	}
	if !utf8.Valid(body) {
		at := 0
		for r, n := utf8.DecodeRune(body); r != utf8.RuneError || n != 1; r, n = utf8.DecodeRune(body[at:]) {
			at += n
		}
		return fmt.Errorf("byte %d is not UTF-8", at+1)
	}
	if !json.Valid(body) {
		var v json.RawMessage
		err := json.Unmarshal(body, &v)
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) && syntax.Offset < int64(len(bytes.TrimSpace(body))) {
			return fmt.Errorf("no JSON at byte %d: %w", syntax.Offset, err)
		}
		return errors.New("the JSON is cut off")
	}
	// A member is taken by its name in any case.
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var open []map[string]bool // nil for a list
	name := false              // whether a name comes next
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case json.Delim:
			switch token {
			case '{':
				open = append(open, make(map[string]bool))
			case '[':
				open = append(open, nil)
			default:
				open = open[:len(open)-1]
			}
			if len(open) > mostNested {
				return fmt.Errorf("more than %d objects and lists stand in each other", mostNested)
			}
		case string:
			if name {
				members, folded := open[len(open)-1], strings.ToLower(token)
				if members[folded] {
					return fmt.Errorf("the member %q is there twice", short(token))
				}
				members[folded] = true
				name = false
				continue
			}
		}
		name = len(open) > 0 && open[len(open)-1] != nil
	}
}

// misfit tells why a body does not fit into a struct, and where.
func misfit(body []byte, into any, err error) error {
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &kind) && kind.Field != "":
		path := strings.Split(kind.Field, ".")
		for len(path) > 1 && !slices.Contains(membersOf(reflect.TypeOf(into)), path[0]) {
			path = path[1:] // the name of what is embedded
		}
		return fmt.Errorf("%s is %s; want %s", strings.Join(path, "."), article(kind.Value), words(kind.Type))
	case errors.As(err, &kind):
		return fmt.Errorf("it is %s; want an object", article(kind.Value))
	}
	if _, name, ok := strings.Cut(err.Error(), "unknown field "); ok {
		return fmt.Errorf("there is no member %s", short(name))
	}
	// What reads itself, such as a time, does not say where it stands.
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) == nil {
		for name, value := range members {
			one, marshalErr := json.Marshal(map[string]json.RawMessage{name: value})
			if marshalErr == nil && json.Unmarshal(one, reflect.New(reflect.TypeOf(into).Elem()).Interface()) != nil {
				return fmt.Errorf("%s is no time; want one such as 2026-11-02T15:04:05Z", name)
			}
		}
	}
	return errors.New(short(err.Error()))
}

// takes names the members that a struct has.
func takes(into any) string {
	names := membersOf(reflect.TypeOf(into))
	if len(names) == 0 {
		return "It takes no members: {}"
	}
	return "It takes: " + strings.Join(names, ", ")
}

func membersOf(t reflect.Type) (names []string) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			names = append(names, membersOf(f.Type)...)
		case f.IsExported() && name != "" && name != "-":
			names = append(names, name)
		}
	}
	return names
}

// words tells a Go type as JSON has it.
func words(t reflect.Type) string {
	if t == reflect.TypeFor[time.Time]() {
		return "a time"
	}
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		switch t.Elem().Kind() {
		case reflect.Uint8:
			return "a string in base64"
		case reflect.String:
			return "a list of strings"
		}
		return "a list"
	case reflect.Int, reflect.Int64, reflect.Uint, reflect.Uint64, reflect.Float64:
		return "a number"
	}
	return "an object"
}

func article(noun string) string {
	switch {
	case noun == "array", noun == "object":
		return "an " + noun
	case noun == "bool":
		return "true or false"
	case strings.HasPrefix(noun, "number "):
		return "the " + noun
	}
	return "a " + noun
}
