package events

// DocumentSynced says that a copy of the file and the checklist were equal.
//
//	{"replica":"…","path":"plans/migration.md","sha256":"<hex>","at_revision":94,"commit":"9f3c2e1…","more":true}
//
// Without at_revision it says that the copy's edits were taken; the checklist
// had more. More says that the file's git history is being taken, and goes on.
type DocumentSynced struct {
	// Replica names the copy; optional, as all below.
	Replica      string
	Path, SHA256 string
	AtRevision   int
	// Commit is the git commit whose version of the file it was.
	Commit string
	More   bool
}

// Kind returns the stored type.
func (*DocumentSynced) Kind() Kind { return KindDocumentSynced }

// Subject returns what the event is about.
func (*DocumentSynced) Subject() string { return "document" }
func (*DocumentSynced) event()          {}
func (e *DocumentSynced) fields(c *codec) {
	c.str("replica", &e.Replica)
	c.str("path", &e.Path)
	c.str("sha256", &e.SHA256)
	c.num("at_revision", &e.AtRevision)
	c.str("commit", &e.Commit)
	c.flag("more", &e.More)
}

// DocumentReformatted says that bytes of the document changed, its meaning did not.
//
//	{"doc":{"task/12":"* [ ] same text\n"}}
type DocumentReformatted struct {
	Doc []Line
}

// Kind returns the stored type.
func (*DocumentReformatted) Kind() Kind { return KindDocumentReformatted }

// Subject returns what the event is about.
func (*DocumentReformatted) Subject() string { return "document" }
func (*DocumentReformatted) event()          {}
func (e *DocumentReformatted) fields(c *codec) {
	c.doc(&e.Doc)
}
