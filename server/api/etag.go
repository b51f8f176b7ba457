package api

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/server/commands"
)

// An ETag says of which resource it is, and what changed it last: "12@405" is
// task 12 as event 405 left it, "s3@405" section 3, "@412" the whole checklist. That
// of an answer also says which answer, "12@405-1f0c7e7d9a2b", which no command minds.
func etag(st *checklist.State, ref events.Ref) string {
	name := ""
	switch ref.Noun {
	case events.TaskNoun:
		name = strconv.Itoa(ref.Key)
	case events.SectionNoun:
		name = "s" + strconv.Itoa(ref.Key)
	}
	return fmt.Sprintf(`"%s@%d"`, name, commands.LastChange(st, ref))
}

var etagForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^"(?:(s?)([1-9][0-9]{0,8}))?@([0-9]{1,18})(?:-[0-9a-f]{1,64})?"$`)
})

// expected reads If-Match: of each resource that it names, one of the tags must
// hold. "*" is anything.
func expected(header string) ([]commands.Expected, error) {
	if header == "" || strings.TrimSpace(header) == "*" {
		return nil, nil
	}
	var list []commands.Expected
next:
	for tag := range strings.SplitSeq(header, ",") {
		m := etagForm().FindStringSubmatch(strings.TrimSpace(tag))
		if m == nil {
			return nil, &commands.Error{Code: commands.CodeUsage, Message: fmt.Sprintf("If-Match: %s is no ETag of Cairn", strconv.Quote(tag)), Hint: `They look like "12@405", of a task, and "@412", of a checklist.`}
		}
		var ref events.Ref
		if m[2] != "" {
			key, _ := strconv.Atoi(m[2])
			if ref = events.TaskRef(key); m[1] != "" {
				ref = events.SectionRef(key)
			}
		}
		n, _ := strconv.ParseUint(m[3], 10, 64)
		for i := range list {
			if list[i].Ref == ref {
				list[i].Seqs = append(list[i].Seqs, events.Seq(n))
				continue next
			}
		}
		list = append(list, commands.Expected{Ref: ref, Seqs: []events.Seq{events.Seq(n)}})
	}
	return list, nil
}
