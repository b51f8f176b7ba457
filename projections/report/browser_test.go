package report_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"cairn/projections/report"
	"cairn/server/commands"
)

// hostile is a checklist whose every text wants to be markup.
const hostile = `# Plan </title><script>document.title='owned'</script>

## Work <img src=x onerror=document.title='owned'>

- [ ] <script>document.title="owned"</script> & "quotes" 'too' </td></table>
- [ ] Read [this](javascript:document.title='owned') ([#1](javascript:alert(1)))
- [ ] ${document.title='owned'} {{.Style}} <style>body{display:none}</style>
- [ ] ` + "`<svg onload=document.title='owned'>`" + ` Averyveryveryveryveryveryveryveryveryveryveryveryverylongwordthatdoesnotend
- [ ] Linked twice ([#12](https://example.com/issues/12)) ![x](https://example.com/x.png)

## Risks

- [ ] <b>Drift</b> → schemas
`

// hostilePage is the report of a week in which everything of it was touched.
func hostilePage(t *testing.T) []byte {
	w := newWorld(t, hostile)
	week := w.log.End()
	finish := "2027-01-29"
	evil := `<img src="https://example.com/leak.png" onerror="document.title='owned'">`
	w.do("", commands.Plan{Finish: &finish}, commands.Assign{Tasks: []string{"2"}, Assignees: []string{"<b>eve</b>"}})
	w.do("", commands.LinkTask{Task: "1", URL: "https://example.com/issues/7"})
	w.on("2026-12-01", "<script>eve</script>").do(evil, verb(commands.Done, "1", "5"), verb(commands.Hold, "2"), verb(commands.Drop, "3"))
	w.on("2026-12-02", "eve").do(evil, verb(commands.Reopen, "1"), commands.Schedule{Tasks: []string{"4"}, Due: "2026-12-01"})
	w.do("", commands.RecordReview{Status: "at-risk", Note: evil, Asks: []string{evil}})
	r := w.report(week, "2026-11-27", "2026-12-04")
	review := r.Reviews()[0]
	r.Recorded = &review
	var b bytes.Buffer
	if err := report.HTML(&b, &r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Texts of a checklist are never markup, and no link is one that runs something.
func TestHTMLEscapes(t *testing.T) {
	t.Parallel()
	text := string(hostilePage(t))
	for _, bad := range []string{"<script", "<img", "<b>", "<svg onload", `href="javascript`, "<style>body"} {
		if strings.Contains(text, bad) {
			t.Errorf("the page holds %s", bad)
		}
	}
	if n := strings.Count(text, "<style"); n != 1 {
		t.Errorf("%d styles", n)
	}
	for _, want := range []string{"&lt;script&gt;", `<a href="https://example.com/issues/7" rel="noopener noreferrer">example.com</a>`} {
		if !strings.Contains(text, want) {
			t.Errorf("the page has no %s", want)
		}
	}
}

// browser starts a browser for a test; it skips the test where there is none.
func browser(t *testing.T) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome", "headless-shell"} {
		// One that only says how to install it is none.
		if p, err := exec.LookPath(name); err == nil && exec.CommandContext(t.Context(), p, "--version").Run() == nil {
			path = p
			break
		}
	}
	if path == "" {
		t.Skip("there is no chromium here (Debian: apt-get install chromium)")
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox,
		// Nothing but this machine has a name, whatever the page asks for.
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"))
	ctx, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, end := chromedp.NewContext(ctx)
	t.Cleanup(end)
	return ctx
}

// In a real browser the page loads nothing, runs nothing and complains of nothing;
// it fits a telephone, and is dark where the reader wants it dark.
func TestHTMLInABrowser(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	w, week := sample(t)
	r := w.report(week, "2026-11-27", "2026-12-04")
	var b bytes.Buffer
	if err := report.HTML(&b, &r); err != nil {
		t.Fatal(err)
	}
	for name, html := range map[string][]byte{"week": b.Bytes(), "hostile": hostilePage(t)} {
		look(t, ctx, name, html)
	}
	// Any other page: CAIRN_PAGE=review.html, with CAIRN_PICTURES to look at it.
	if file := os.Getenv("CAIRN_PAGE"); file != "" {
		html, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		look(t, ctx, "page", html)
	}
}

func look(t *testing.T, ctx context.Context, name string, html []byte) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(html)
	}))
	defer server.Close()
	tab, done := chromedp.NewContext(ctx)
	defer done()
	var mu sync.Mutex // guards asked and said
	var asked, said []string
	if err := chromedp.Listen(tab, func(ev any) {
		mu.Lock()
		defer mu.Unlock()
		switch ev := ev.(type) {
		case *network.EventRequestWillBeSent:
			asked = append(asked, ev.Request.URL)
		case *log.EventEntryAdded:
			said = append(said, ev.Entry.Text)
		case *runtime.EventExceptionThrown:
			said = append(said, ev.ExceptionDetails.Text)
		case *runtime.EventConsoleAPICalled:
			said = append(said, "console."+string(ev.Type))
		}
	}); err != nil {
		t.Fatal(err)
	}
	do := func(steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(tab, steps...); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	media := func(kind, scheme string) {
		t.Helper()
		if _, err := chromedp.Call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Media: kind, Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	background := func() string {
		t.Helper()
		return run(t, tab, chromedp.Evaluate[string](`getComputedStyle(document.body).backgroundColor`))
	}
	dir := os.Getenv("CAIRN_PICTURES")
	keep := func(end string, make chromedp.Action[[]byte]) {
		t.Helper()
		if dir == "" {
			return
		}
		if err := os.WriteFile(filepath.Join(dir, name+"-"+end), run(t, tab, make), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	media("screen", "light")
	do(chromedp.EmulateViewport(1100, 900), chromedp.Navigate(server.URL))
	title, light := run(t, tab, chromedp.Title()), background()
	shown := run(t, tab, chromedp.Evaluate[int](`[...document.querySelectorAll('figure svg')].filter(s => getComputedStyle(s).display != 'none').length`))
	// Headings go down by one level at most.
	headings := run(t, tab, chromedp.Evaluate[int](`(() => { let bad = 0, last = 0; for (const h of document.querySelectorAll('h1,h2,h3,h4')) { const n = +h.tagName[1]; if (n > last + 1) bad++; last = n } return bad })()`))
	unnamed := run(t, tab, chromedp.Evaluate[int](`[...document.querySelectorAll('th')].filter(h => !h.scope).length + [...document.querySelectorAll('svg')].filter(s => !s.querySelector('title') || !s.querySelector('desc')).length + (document.documentElement.lang ? 0 : 1) + (document.querySelectorAll('main').length == 1 ? 0 : 1)`))
	keep("wide.png", chromedp.FullScreenshot(100))
	media("screen", "dark")
	dark := background()
	keep("dark.png", chromedp.FullScreenshot(100))
	do(chromedp.EmulateViewport(360, 740, chromedp.EmulateMobile), chromedp.Reload())
	keep("phone-dark.png", chromedp.FullScreenshot(100))
	media("screen", "light")
	overflow := run(t, tab, chromedp.Evaluate[float64](`document.documentElement.scrollWidth - innerWidth`))
	// The smallest letters of the charts, as they are shown.
	small := run(t, tab, chromedp.Evaluate[float64](`Math.min(...[...document.querySelectorAll('figure svg')].filter(s => getComputedStyle(s).display != 'none').flatMap(s => [...s.querySelectorAll('text')].map(x => +x.getAttribute('font-size') * s.getBoundingClientRect().width / s.viewBox.baseVal.width)))`))
	keep("phone.png", chromedp.FullScreenshot(100))
	media("print", "dark")
	paper := background()
	do(chromedp.ResetViewport())
	media("", "dark")
	keep("print.pdf", chromedp.PrintToPDF(chromedp.PDFPreferCSSPageSize(), chromedp.PDFPrintBackground()))
	mu.Lock()
	defer mu.Unlock()
	if !strings.HasPrefix(title, "Weekly review ") {
		t.Errorf("%s: its title is %q", name, title)
	}
	if len(said) > 0 {
		t.Errorf("%s: the browser says\n%s", name, strings.Join(said, "\n"))
	}
	for _, url := range asked {
		if url != server.URL+"/" && !strings.HasSuffix(url, "/favicon.ico") {
			t.Errorf("%s: it asks for %s", name, url)
		}
	}
	if len(asked) == 0 {
		t.Errorf("%s: no request was seen, not even that of the page", name)
	}
	if shown != 2 {
		t.Errorf("%s: %d charts are shown, want 2", name, shown)
	}
	if headings != 0 || unnamed != 0 {
		t.Errorf("%s: %d headings leave out a level; %d cells, charts or landmarks without a name", name, headings, unnamed)
	}
	if overflow > 0 {
		t.Errorf("%s: on 360 pixels it is %.0f too wide", name, overflow)
	}
	if small < 8.5 {
		t.Errorf("%s: on a telephone the letters of the charts are %.1f pixels", name, small)
	}
	if light == dark || light != paper {
		t.Errorf("%s: the background is %s, dark %s, on paper %s", name, light, dark, paper)
	}
}

func run[T any](t *testing.T, ctx context.Context, a chromedp.Action[T]) T {
	t.Helper()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
