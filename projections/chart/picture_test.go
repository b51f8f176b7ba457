package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"cairn/projections/burndown"
)

// Each picture is well-formed, stands within its frame, says in words what it
// shows, and is the same bytes twice; whatever stands in titles.
func TestPictures(t *testing.T) {
	t.Parallel()
	for name, s := range summaries(t) {
		for _, kind := range []Kind{Burndown, Burnup, Flow} {
			for look, o := range map[string]Options{"": {}, "dark": {Dark: true, By: "week"}, "small": {Width: 600, Height: 338}} {
				t.Run(name+" "+string(kind)+" "+look, func(t *testing.T) {
					t.Parallel()
					var one, two bytes.Buffer
					if err := errors.Join(SVG(&one, s, kind, o), SVG(&two, s, kind, o)); err != nil {
						t.Fatal(err)
					}
					if !bytes.Equal(one.Bytes(), two.Bytes()) {
						t.Error("twice is not the same")
					}
					checkSVG(t, one.String(), s)
				})
			}
		}
	}
}

func checkSVG(t *testing.T, svg string, s burndown.Summary) {
	t.Helper()
	elements := map[string]bool{
		"svg": true, "title": true, "desc": true, "defs": true, "pattern": true, "rect": true, "path": true, "text": true,
	}
	texts := make(map[string]string)
	open := ""
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if open = token.Name.Local; !elements[open] {
				t.Errorf("an element %s", open)
			}
			for _, a := range token.Attr {
				if strings.HasPrefix(a.Name.Local, "on") || strings.Contains(a.Value, "javascript:") {
					t.Errorf("an attribute %s=%q", a.Name.Local, a.Value)
				}
			}
		case xml.CharData:
			texts[open] += string(token)
		}
	}
	if texts["title"] == "" || len(s.Days) > 0 && !strings.Contains(texts["desc"], "remaining") && !strings.Contains(texts["desc"], "done") && !strings.Contains(texts["desc"], "no work") {
		t.Errorf("title %q, description %q", texts["title"], texts["desc"])
	}
	for _, bad := range []string{"NaN", "Inf", "e+"} {
		if strings.Contains(strings.ReplaceAll(svg, s.Title, ""), `="`+bad) || regexp.MustCompile(`d="[^"]*`+regexp.QuoteMeta(bad)).MatchString(svg) {
			t.Errorf("a coordinate %s", bad)
		}
	}
}

var stepForm = regexp.MustCompile(`class="(?:work|scope)" d="([^"]*)"`)

// Days are joined by steps: along and upright, never slanted.
func TestPicturesHaveSteps(t *testing.T) {
	t.Parallel()
	for name, s := range summaries(t) {
		var b bytes.Buffer
		if err := SVG(&b, s, Burndown, Options{}); err != nil {
			t.Fatal(err)
		}
		for _, m := range stepForm.FindAllStringSubmatch(b.String(), -1) {
			if slanted := regexp.MustCompile(`[LlCcQqSsAaTt]`).FindString(m[1]); slanted != "" {
				t.Errorf("%s: a line has %q in %.60s", name, slanted, m[1])
			}
			for _, at := range regexp.MustCompile(`[HV]([0-9.-]+)`).FindAllStringSubmatch(m[1], -1) {
				if v, err := strconv.ParseFloat(at[1], 64); err != nil || v < 0 || v > 1200 {
					t.Errorf("%s: %s lies outside", name, at[0])
				}
			}
		}
	}
}

// A PNG is of the size that was asked for.
func TestPNG(t *testing.T) {
	t.Parallel()
	all := summaries(t)
	for _, name := range []string{"beam", "hostile", "no-days"} {
		var b, again bytes.Buffer
		o := Options{Width: 640, Height: 360, Dark: name == "beam"}
		if err := errors.Join(PNG(&b, all[name], Burndown, o), PNG(&again, all[name], Burndown, o)); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b.Bytes(), again.Bytes()) {
			t.Errorf("%s: twice is not the same", name)
		}
		img, err := png.Decode(&b)
		if err != nil {
			t.Fatal(err)
		}
		if size := img.Bounds().Size(); size.X != 640 || size.Y != 360 {
			t.Errorf("%s: got %v", name, size)
		}
	}
}

func TestPicturesRefuse(t *testing.T) {
	t.Parallel()
	s := summaries(t)["beam"]
	for _, o := range []Options{{Width: 10}, {Height: 10_000}, {By: "month"}} {
		if err := SVG(io.Discard, s, Burndown, o); !errors.Is(err, ErrOption) {
			t.Errorf("%+v: got %v", o, err)
		}
	}
	if err := PNG(io.Discard, s, "pie", Options{}); !errors.Is(err, ErrOption) {
		t.Errorf("a pie: got %v", err)
	}
}
