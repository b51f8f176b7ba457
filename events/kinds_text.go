package events

// TextAdded says that a stretch of text stands in the document.
//
//	{"key":5,"in":"section/2","after":"task/12","raw":"…"}
type TextAdded struct {
	Key   int
	Place Place
	Raw   string
}

// Kind returns the stored type.
func (*TextAdded) Kind() Kind { return KindTextAdded }

// Subject returns what the event is about.
func (e *TextAdded) Subject() string { return TextRef(e.Key).String() }
func (*TextAdded) event()            {}
func (e *TextAdded) fields(c *codec) {
	c.num("key", &e.Key)
	c.place(&e.Place)
	c.raw("raw", &e.Raw)
}

// TextEdited says that parts of a text changed. Each edit cuts bytes at an offset of the text
// before and puts others there; offsets rise and do not overlap.
//
//	{"key":5,"edits":[{"at":10,"cut":3,"put":"new"}]}
type TextEdited struct {
	Key   int
	Edits []Edit
}

// Kind returns the stored type.
func (*TextEdited) Kind() Kind { return KindTextEdited }

// Subject returns what the event is about.
func (e *TextEdited) Subject() string { return TextRef(e.Key).String() }
func (*TextEdited) event()            {}
func (e *TextEdited) fields(c *codec) {
	c.num("key", &e.Key)
	c.edits(&e.Edits)
}

// TextRemoved says that a text is no longer in the document.
//
//	{"key":5}
type TextRemoved struct {
	Key int
}

// Kind returns the stored type.
func (*TextRemoved) Kind() Kind { return KindTextRemoved }

// Subject returns what the event is about.
func (e *TextRemoved) Subject() string { return TextRef(e.Key).String() }
func (*TextRemoved) event()            {}
func (e *TextRemoved) fields(c *codec) {
	c.num("key", &e.Key)
}

// TextRestored says that a removed text is back.
//
//	{"key":5,"in":"section/2","after":"task/12"}
type TextRestored struct {
	Key   int
	Place Place
}

// Kind returns the stored type.
func (*TextRestored) Kind() Kind { return KindTextRestored }

// Subject returns what the event is about.
func (e *TextRestored) Subject() string { return TextRef(e.Key).String() }
func (*TextRestored) event()            {}
func (e *TextRestored) fields(c *codec) {
	c.num("key", &e.Key)
	c.place(&e.Place)
}
