package markdown

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"

	"cairn/events"
)

// github matches the URL of an issue or a pull request.
var github = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`https?://github\.com/[\w.-]+/[\w.-]+/(?:issues|pull)/(\d+)`)
})

// AddLink returns the lines of a task with a link to url, " ([#12](url))" for
// an issue or a pull request, at the end of the first line before trailing
// space and line end. [ReadTask] finds it under [CleanURL](url).
func AddLink(raw, url string) string {
	p := cutTask(raw)
	if p.box == 0 {
		return raw
	}
	url = CleanURL(url)
	p.links = append(p.links, " (["+linkLabel(url)+"]("+url+"))")
	return p.String()
}

// RemoveLink takes the link to url back that [AddLink] wrote: the last one if
// there are several. If url stands only in the text, raw is returned unchanged.
func RemoveLink(raw, url string) string {
	p := cutTask(raw)
	url = CleanURL(url)
	for i := len(p.links) - 1; i >= 0; i-- {
		if _, u, n := splitLink(p.links[i]); n > 0 && u == url {
			p.links = append(p.links[:i:i], p.links[i+1:]...)
			return p.String()
		}
	}
	return raw
}

// CleanURL returns url in the form in which it can stand in a link: without
// space around it, and with the bytes escaped that would end the link.
func CleanURL(url string) string {
	url = strings.TrimSpace(url)
	if !strings.ContainsFunc(url, inURL) {
		return url
	}
	var b strings.Builder
	for i := range len(url) {
		if c := url[i]; c < 0x80 && inURL(rune(c)) {
			const hex = "0123456789ABCDEF"
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func inURL(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`()<>[]\`, r) }

// splitLink reads the link at the end of s, " ([label](url))" as AddLink
// writes it. n is its length, 0 if there is none. The label of a link that is
// not GitHub's must be the one AddLink chooses: any other is part of the text.
func splitLink(s string) (label, url string, n int) {
	if !strings.HasSuffix(s, "))") {
		return "", "", 0
	}
	at := strings.LastIndex(s, "([")
	if at < 1 || s[at-1] != ' ' && s[at-1] != '\t' {
		return "", "", 0
	}
	label, url, ok := strings.Cut(s[at+2:len(s)-2], "](")
	if !ok || url == "" || strings.ContainsFunc(url, inURL) || strings.ContainsAny(label, "[]") {
		return "", "", 0
	}
	if m := github().FindStringIndex(url); (m == nil || m[0] != 0) && label != linkLabel(url) {
		return "", "", 0
	}
	return label, url, len(s) - at + 1
}

// linkLabel returns the short text of a link: "#12", else the last element of
// the path, else the host.
func linkLabel(url string) string {
	if m := github().FindStringSubmatch(url); m != nil && strings.HasPrefix(url, m[0]) {
		return "#" + m[1]
	}
	s := url
	if _, after, ok := strings.Cut(s, "://"); ok {
		s = after
	}
	if i := strings.IndexAny(s, "?#"); i > 0 {
		s = s[:i]
	}
	s = strings.TrimRight(s, "/")
	s = s[strings.LastIndexByte(s, '/')+1:]
	n := 0
	s = strings.Map(func(r rune) rune {
		if n++; n > 40 || r == unicode.ReplacementChar || strings.ContainsRune("`*_~|!&:", r) || inURL(r) {
			return -1
		}
		return r
	}, s)
	if s == "" {
		return "link"
	}
	return s
}

// shorthand matches "owner/repo#12", and "#12" alone.
var shorthand = compiled(`(?:^|[\s(])((?:[\w.-]+/[\w.-]+)?)#(\d+)\b`)

// appendGitHub appends the issues and pull requests named in s: by URL, then as
// "owner/repo#12" where no link to them is there.
func appendGitHub(links []string, s string) []string {
	if strings.Contains(s, "github.com/") {
		for _, url := range github().FindAllString(s, -1) {
			links = appendNew(links, url)
		}
	}
	return appendShort(links, s, "")
}

// appendShort appends the issues named in s as "owner/repo#12"; with a repo, an
// "owner/repo", those named as "#12" instead.
func appendShort(links []string, s, repo string) []string {
	if !strings.Contains(s, "#") {
		return links
	}
	for _, m := range shorthand().FindAllStringSubmatch(mask(s), -1) {
		in := m[1]
		if (in == "") != (repo != "") {
			continue
		}
		if in == "" {
			in = repo
		}
		at := "https://github.com/" + in + "/"
		if !slices.Contains(links, at+"pull/"+m[2]) {
			links = appendNew(links, at+"issues/"+m[2])
		}
	}
	return links
}

// numbered gives the tasks the issues that they name as "#12", where all links of
// the document are to one repository.
func (d *Document) numbered() {
	repo, naming := "", false
	for i := range d.Blocks {
		b := &d.Blocks[i]
		if strings.Contains(b.Raw, "github.com/") {
			for _, url := range github().FindAllString(b.Raw, -1) {
				switch in := strings.Join(strings.Split(url, "/")[3:5], "/"); {
				case repo == "":
					repo = in
				case in != repo:
					return
				}
			}
		}
		naming = naming || b.Noun == events.TaskNoun && strings.Contains(b.Raw, "#")
	}
	if repo == "" || !naming {
		return
	}
	for i := range d.Blocks {
		if b := &d.Blocks[i]; b.Noun == events.TaskNoun {
			b.Links = appendShort(b.Links, b.Text, repo)
		}
	}
}

func appendNew(links []string, url string) []string {
	for _, l := range links {
		if l == url {
			return links
		}
	}
	return append(links, url)
}
