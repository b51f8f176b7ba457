package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"cairn/server/api"
)

var update = flag.Bool("update", false, "rewrite docs/openapi.json")

const openapiPath = "../../docs/openapi.json"

// TestOpenAPI: docs/openapi.json is what a server says of itself, and every
// operation in it says what it is, what can go wrong and what to send.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	d := open(t, api.Config{})
	var b bytes.Buffer
	if err := json.Indent(&b, d.get("/api/v1/openapi.json").want(t, http.StatusOK).body, "", "  "); err != nil {
		t.Fatal(err)
	}
	got := append(bytes.TrimSpace(b.Bytes()), '\n')
	if *update {
		if err := os.WriteFile(openapiPath, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(openapiPath)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
		t.Errorf("docs/openapi.json (-want +got), -update rewrites it:\n%.4000s", diff)
	}
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			OperationID, Summary string
			Tags                 []string
			Parameters           []struct{ Name, In, Description string }
			RequestBody          *struct {
				Content map[string]struct{ Schema, Example any }
			}
			Responses map[string]any
		}
	}
	if err := json.Unmarshal(got, &doc); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.1") {
		t.Errorf("OpenAPI %s", doc.OpenAPI)
	}
	ids := make(map[string]bool)
	for path, item := range doc.Paths {
		for method, o := range item {
			at := strings.ToUpper(method) + " " + path
			if o.OperationID == "" || ids[o.OperationID] || o.Summary == "" || len(o.Tags) != 1 {
				t.Errorf("%s: id %q, summary %q, tags %v", at, o.OperationID, o.Summary, o.Tags)
			}
			ids[o.OperationID] = true
			if len(o.Responses) < 3 {
				t.Errorf("%s: only %d answers", at, len(o.Responses))
			}
			for _, p := range o.Parameters {
				if p.Description == "" {
					t.Errorf("%s: %s %s says nothing", at, p.In, p.Name)
				}
			}
			if o.RequestBody != nil {
				for kind, content := range o.RequestBody.Content {
					if content.Schema == nil || content.Example == nil {
						t.Errorf("%s: %s without a schema or an example", at, kind)
					}
				}
			}
		}
	}
}

// TestOpenAPIIsValid: by the schema that the OpenAPI Initiative publishes for 3.1.
func TestOpenAPIIsValid(t *testing.T) {
	t.Parallel()
	read := func(path string) any {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		v, err := jsonschema.UnmarshalJSON(f)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("openapi.json", read("testdata/openapi-3.1.schema.json")); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(read(openapiPath)); err != nil {
		t.Error(err)
	}
	broken := read(openapiPath).(map[string]any)
	broken["paths"].(map[string]any)["no-slash"] = map[string]any{}
	if schema.Validate(broken) == nil {
		t.Error("the schema takes everything")
	}
}

// TestExamplesAreTaken: the example of each command is one that the command can be
// read from.
func TestExamplesAreTaken(t *testing.T) {
	t.Parallel()
	d := open(t, api.Config{})
	var doc struct {
		Paths map[string]struct {
			Post *struct {
				RequestBody struct {
					Content map[string]struct{ Example json.RawMessage }
				}
			}
		}
	}
	d.get("/api/v1/openapi.json").json(t, &doc)
	n := 0
	for path, item := range doc.Paths {
		name, ok := strings.CutPrefix(path, "/api/v1/checklists/{checklist}/commands/")
		if !ok {
			continue
		}
		n++
		r := d.send(http.MethodPost, list+"/commands/"+name+"?dry_run=true", string(item.Post.RequestBody.Content["application/json"].Example), "Content-Type: application/json")
		if r.StatusCode == http.StatusOK {
			continue
		}
		if code := r.code(t); code == "usage" || r.StatusCode >= 500 {
			t.Errorf("%s: %s", name, r.body)
		}
	}
	if n < 30 {
		t.Errorf("%d commands", n)
	}
}

// TestDocs: one page, with an anchor for each operation, each type and each code
// that a problem can have, nothing from elsewhere and nothing that runs.
func TestDocs(t *testing.T) {
	t.Parallel()
	d := open(t, api.Config{})
	r := d.get("/docs").want(t, http.StatusOK)
	page := string(r.body)
	if csp := r.Header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'; style-src 'nonce-") {
		t.Errorf("CSP %q", csp)
	}
	anchors := make(map[string]bool)
	for _, m := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if anchors[m[1]] {
			t.Errorf("two anchors %s", m[1])
		}
		anchors[m[1]] = true
	}
	for _, m := range regexp.MustCompile(`href="#([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if !anchors[m[1]] {
			t.Errorf("no anchor %s", m[1])
		}
	}
	for _, want := range []string{"burndown", "CompleteTask", "type-Problem", "task_not_found", "changed_meanwhile", "unsupported_media_type", "not_ready", "failure"} {
		if !anchors[want] {
			t.Errorf("no anchor %s", want)
		}
	}
	for _, page := range []string{page, string(d.get("/").want(t, http.StatusOK).body)} {
		if m := regexp.MustCompile(`(?i)<script|<link|<img|@import|url\(| style="| on[a-z]+="|(src|href)="https?:`).FindString(page); m != "" {
			t.Errorf("the page holds %s", m)
		}
	}
}

// TestHome: the checklists with what is done of them; what a title says is text.
func TestHome(t *testing.T) {
	t.Parallel()
	d := open(t, api.Config{})
	d.send(http.MethodPost, "/api/v1/checklists/other/commands/ImportDocument", `{"document":"IyA8c2NyaXB0PmFsZXJ0KDEpPC9zY3JpcHQ+Cgp0ZXh0CgotIFsgXSBhCg==","source":"o.md"}`, "Content-Type: application/json").want(t, http.StatusOK)
	page := string(d.get("/").want(t, http.StatusOK).body)
	for _, want := range []string{"1 of 7 done", `value="1"`, `href="/docs"`, "/api/v1/checklists/migration/burndown", "&lt;script&gt;alert(1)", "2 checklists"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s in the page", want)
		}
	}
}
