package checklist

import (
	"strconv"
	"strings"
)

// Link is a linked page; Owner, Repo and Number are set where it is an issue
// or a pull request of a forge that writes them as GitHub does.
type Link struct {
	URL    string
	Owner  string
	Repo   string
	Number int
}

// ParseLink returns what a URL says: https://HOST/OWNER/REPO/issues/N or pull/N.
func ParseLink(url string) Link {
	link := Link{URL: url}
	_, rest, ok := strings.Cut(url, "://")
	if !ok {
		return link
	}
	if i := strings.IndexAny(rest, "?#"); i >= 0 {
		rest = rest[:i]
	}
	parts := strings.Split(strings.Trim(rest, "/"), "/")
	if len(parts) != 5 || parts[3] != "issues" && parts[3] != "pull" {
		return link
	}
	n, err := strconv.Atoi(parts[4])
	if err != nil || n < 1 {
		return link
	}
	link.Owner, link.Repo, link.Number = parts[1], parts[2], n
	return link
}
