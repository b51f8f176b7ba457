package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// eachCommand calls see with every command that the help lists, depth first.
func eachCommand(cmd *cobra.Command, see func(*cobra.Command)) {
	see(cmd)
	for _, sub := range cmd.Commands() {
		if !sub.Hidden {
			eachCommand(sub, see)
		}
	}
}

// TestHelp reads the help of every command: it begins with examples, what they
// show can be typed, and it names no command that is not there.
func TestHelp(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	eachCommand(newRoot(&cli{}), func(cmd *cobra.Command) {
		args := append(strings.Fields(cmd.CommandPath())[1:], "--help")
		if cmd.RunE == nil && cmd.Run == nil && !cmd.HasSubCommands() {
			args = append([]string{"help"}, args[:len(args)-1]...) // a topic
		}
		help, stderr, code := h.run(args...)
		if code != 0 || stderr != "" {
			t.Errorf("cairn %v: exit code %d\n%s", args, code, stderr)
		}
		for line := range strings.Lines(help) {
			if n := len([]rune(strings.TrimRight(line, "\n"))); n > 82 {
				t.Errorf("cairn %v: a line of %d columns: %s", args, n, line)
			}
		}
		if cmd.Name() == "help" || strings.HasPrefix(cmd.CommandPath(), "cairn completion") {
			return // cobra's
		}
		checkMentions(t, cmd.CommandPath(), help)
		if args[0] == "help" {
			return
		}
		before, _, _ := strings.Cut(help, "Usage:")
		examples := 0
		for line := range strings.Lines(before) {
			if strings.HasPrefix(line, "  ") && strings.Contains(line, "cairn ") || strings.TrimSpace(line) == "cairn" {
				examples++
				checkExample(t, line)
			}
		}
		if examples == 0 {
			t.Errorf("%s --help has no examples before its usage", cmd.CommandPath())
		}
	})
}

var (
	mention = regexp.MustCompile(`\bcairn ((?:section |help )?[a-z]+)\b`)
	quoted  = regexp.MustCompile(`"[^"]*"|\S+`)
	remark  = regexp.MustCompile(`\s{3,}.*$`)
)

// checkMentions looks for commands that do not exist.
func checkMentions(t *testing.T, where, text string) {
	t.Helper()
	for _, m := range mention.FindAllStringSubmatch(text, -1) {
		words := strings.Fields(m[1])
		if words[0] == "help" {
			words = words[1:]
		}
		found, rest, err := newRoot(&cli{}).Find(words)
		if err != nil || found.Name() == "cairn" || words[0] == "section" && len(rest) > 0 && found.Name() == "section" {
			t.Errorf("%s mentions %q, which does not exist", where, m[0])
		}
	}
}

// checkExample parses the command lines of one example, as the command would.
func checkExample(t *testing.T, line string) {
	t.Helper()
	for _, part := range strings.Split(strings.TrimSpace(line), "|") {
		part, _, _ = strings.Cut(part, " > ") // the shell's
		_, example, ok := strings.Cut(part, "cairn")
		if !ok {
			continue
		}
		example = strings.TrimSuffix(strings.TrimSpace(remark.ReplaceAllString(example, "")), ")")
		words := quoted.FindAllString(example, -1)
		for i := range words {
			words[i] = strings.Trim(words[i], `"`)
		}
		root := newRoot(&cli{})
		cmd, rest, err := root.Find(rewriteArgs(words))
		if err == nil {
			err = cmd.ParseFlags(rest)
		}
		if err == nil {
			err = cmd.ValidateArgs(cmd.Flags().Args())
		}
		if err != nil {
			t.Errorf("example %q: %v", strings.TrimSpace(line), err)
		}
	}
}
