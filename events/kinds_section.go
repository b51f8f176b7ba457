package events

// SectionAdded says that a heading stands in the document.
//
//	{"key":3,"in":"section/2","after":"task/12","level":3,"title":"…","raw":"### …\n","first":"task/13","last":"task/20"}
//
// A heading put in between takes what follows it: first and last are optional.
type SectionAdded struct {
	Key   int
	Place Place
	// Level is the heading level, 1 to 6; 0 for a <summary>.
	Level int
	Title string
	// Raw is the exact bytes of the heading's own lines.
	Raw string
	// First and Last are siblings: they and what is between them stand in the
	// section from now on.
	First, Last Ref
}

// Kind returns the stored type.
func (*SectionAdded) Kind() Kind { return KindSectionAdded }

// Subject returns what the event is about.
func (e *SectionAdded) Subject() string { return SectionRef(e.Key).String() }
func (*SectionAdded) event()            {}
func (e *SectionAdded) fields(c *codec) {
	c.num("key", &e.Key)
	c.place(&e.Place)
	c.num("level", &e.Level)
	c.text("title", &e.Title)
	c.raw("raw", &e.Raw)
	c.ref("first", &e.First)
	c.ref("last", &e.Last)
}

// SectionRetitled says that a heading reads otherwise. A changed level stands with it.
//
//	{"key":3,"title":"…","raw":"## …\n","level":2,"match":{"stage":"title","score":0.8}}
type SectionRetitled struct {
	Key        int
	Title, Raw string
	// Level is optional: 0 is unchanged.
	Level int
	Match Match
}

// Kind returns the stored type.
func (*SectionRetitled) Kind() Kind { return KindSectionRetitled }

// Subject returns what the event is about.
func (e *SectionRetitled) Subject() string { return SectionRef(e.Key).String() }
func (*SectionRetitled) event()            {}
func (e *SectionRetitled) fields(c *codec) {
	c.num("key", &e.Key)
	c.text("title", &e.Title)
	c.raw("raw", &e.Raw)
	c.num("level", &e.Level)
	c.match(&e.Match)
}

// SectionMoved says that a section with all that stands in it has another place.
//
//	{"key":3,"in":"section/2","after":"section/5","level":3,"raw":"### …\n","doc":{…},"match":{…}}
type SectionMoved struct {
	Key   int
	Place Place
	// Level and Raw are optional: the heading after, if it changed.
	Level int
	Raw   string
	// Doc is the headings in the section that changed with it.
	Doc   []Line
	Match Match
}

// Kind returns the stored type.
func (*SectionMoved) Kind() Kind { return KindSectionMoved }

// Subject returns what the event is about.
func (e *SectionMoved) Subject() string { return SectionRef(e.Key).String() }
func (*SectionMoved) event()            {}
func (e *SectionMoved) fields(c *codec) {
	c.num("key", &e.Key)
	c.place(&e.Place)
	c.num("level", &e.Level)
	c.optRaw("raw", &e.Raw)
	c.doc(&e.Doc)
	c.match(&e.Match)
}

// SectionRemoved says that a section is no longer in the document, nor what stood in it.
//
//	{"key":3,"kept":{"in":"section/2","after":"task/12"}}
//
// Where only the heading was taken out, kept is where the rest stands now.
type SectionRemoved struct {
	Key  int
	Kept Optional[Place]
}

// Kind returns the stored type.
func (*SectionRemoved) Kind() Kind { return KindSectionRemoved }

// Subject returns what the event is about.
func (e *SectionRemoved) Subject() string { return SectionRef(e.Key).String() }
func (*SectionRemoved) event()            {}
func (e *SectionRemoved) fields(c *codec) {
	c.num("key", &e.Key)
	c.sub("kept", e.Kept.Present, func() {
		e.Kept.Present = true
		c.place(&e.Kept.Value)
	})
}

// SectionRestored says that a removed section is back with what stood in it, keys and all.
//
//	{"key":3,"in":"section/2","after":"section/5","first":"task/12","last":"task/14"}
//
// Where only the heading had been taken out, first to last are the siblings that
// stand in the section again; both are optional.
type SectionRestored struct {
	Key         int
	Place       Place
	First, Last Ref
}

// Kind returns the stored type.
func (*SectionRestored) Kind() Kind { return KindSectionRestored }

// Subject returns what the event is about.
func (e *SectionRestored) Subject() string { return SectionRef(e.Key).String() }
func (*SectionRestored) event()            {}
func (e *SectionRestored) fields(c *codec) {
	c.num("key", &e.Key)
	c.place(&e.Place)
	c.ref("first", &e.First)
	c.ref("last", &e.Last)
}

// SectionAssigned says that a section belongs to these people, the value after.
//
//	{"key":3,"assignees":["ada"]}     null: nobody
type SectionAssigned struct {
	Key       int
	Assignees []string
}

// Kind returns the stored type.
func (*SectionAssigned) Kind() Kind { return KindSectionAssigned }

// Subject returns what the event is about.
func (e *SectionAssigned) Subject() string { return SectionRef(e.Key).String() }
func (*SectionAssigned) event()            {}
func (e *SectionAssigned) fields(c *codec) {
	c.num("key", &e.Key)
	c.value("assignees", &e.Assignees)
}

// SectionScheduled says that a section has other target days. Absent is unchanged, null clears.
//
//	{"key":3,"start":"2026-12-01","due":"2027-01-15"}
type SectionScheduled struct {
	Key        int
	Start, Due Optional[Day]
}

// Kind returns the stored type.
func (*SectionScheduled) Kind() Kind { return KindSectionScheduled }

// Subject returns what the event is about.
func (e *SectionScheduled) Subject() string { return SectionRef(e.Key).String() }
func (*SectionScheduled) event()            {}
func (e *SectionScheduled) fields(c *codec) {
	c.num("key", &e.Key)
	optional(c, "start", &e.Start)
	optional(c, "due", &e.Due)
}
