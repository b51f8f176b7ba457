package main

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"
)

// progress returns what draws a bar on a terminal, of as many of what as there
// are; -1 wipes it away.
func (c *cli) progress(total int, what string) func(done int) {
	f, ok := c.err.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) || c.quiet || c.json || total < 100 {
		return func(int) {}
	}
	return func(done int) {
		if done < 0 {
			fmt.Fprint(f, "\r\x1b[K")
			return
		}
		const width = 30
		full := min(done, total) * width / total
		fmt.Fprintf(f, "\r%s%s %d of %d %s", strings.Repeat("━", full), strings.Repeat("·", width-full), done, total, what)
	}
}
