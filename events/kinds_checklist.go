package events

// ChecklistCreated says that a checklist begins; it is always revision 1.
//
//	{"title":"Migration","source":"plans/migration.md"}     source is optional
type ChecklistCreated struct {
	// Title is the first H1 of the document; empty if it has none.
	Title string
	// Source is where it was imported from.
	Source string
}

// Kind returns the stored type.
func (*ChecklistCreated) Kind() Kind { return KindChecklistCreated }

// Subject returns what the event is about.
func (*ChecklistCreated) Subject() string { return "checklist" }
func (*ChecklistCreated) event()          {}
func (e *ChecklistCreated) fields(c *codec) {
	c.text("title", &e.Title)
	c.str("source", &e.Source)
}

// ChecklistDescribed says that what holds for the whole checklist changed. Members are
// values after: absent is unchanged, null clears.
//
//	{"title":"…","owner":"Ada","start":"2026-12-01","finish":"2027-09-30","timezone":"Europe/Berlin",
//	 "working_days":["mon","tue","wed","thu","fri"],"holidays":["2026-12-24..2027-01-01"],
//	 "markers":["~=in_progress"],"doc":{"text/3":"Owner: Ada | …\n"}}
type ChecklistDescribed struct {
	Title, Owner  Optional[string]
	Start, Finish Optional[Day]
	// Timezone is an IANA name.
	Timezone Optional[string]
	// WorkingDays, Holidays and Markers are comma-separated in memory, lists in
	// stored form.
	WorkingDays, Holidays, Markers Optional[string]
	// Doc is the title and the Owner line, where the document has them.
	Doc []Line
}

// Kind returns the stored type.
func (*ChecklistDescribed) Kind() Kind { return KindChecklistDescribed }

// Subject returns what the event is about.
func (*ChecklistDescribed) Subject() string { return "checklist" }
func (*ChecklistDescribed) event()          {}
func (e *ChecklistDescribed) fields(c *codec) {
	optional(c, "title", &e.Title)
	optional(c, "owner", &e.Owner)
	optional(c, "start", &e.Start)
	optional(c, "finish", &e.Finish)
	optional(c, "timezone", &e.Timezone)
	c.optList("working_days", &e.WorkingDays)
	c.optList("holidays", &e.Holidays)
	c.optList("markers", &e.Markers)
	c.doc(&e.Doc)
}

// ChecklistBaselined says that the plan as it stands is what charts compare with.
//
//	{"name":"v1","start":"2026-12-01","finish":"2027-09-30"}     all optional
type ChecklistBaselined struct {
	Name          string
	Start, Finish Day
}

// Kind returns the stored type.
func (*ChecklistBaselined) Kind() Kind { return KindChecklistBaselined }

// Subject returns what the event is about.
func (*ChecklistBaselined) Subject() string { return "checklist" }
func (*ChecklistBaselined) event()          {}
func (e *ChecklistBaselined) fields(c *codec) {
	c.str("name", &e.Name)
	strAs(c, "start", &e.Start)
	strAs(c, "finish", &e.Finish)
}

// ChecklistArchived says that a checklist is closed and hidden.
//
//	{}
type ChecklistArchived struct{}

// Kind returns the stored type.
func (*ChecklistArchived) Kind() Kind { return KindChecklistArchived }

// Subject returns what the event is about.
func (*ChecklistArchived) Subject() string { return "checklist" }
func (*ChecklistArchived) event()          {}
func (*ChecklistArchived) fields(c *codec) {
}

// ChecklistReactivated says that an archived checklist is open again.
//
//	{}
type ChecklistReactivated struct{}

// Kind returns the stored type.
func (*ChecklistReactivated) Kind() Kind { return KindChecklistReactivated }

// Subject returns what the event is about.
func (*ChecklistReactivated) Subject() string { return "checklist" }
func (*ChecklistReactivated) event()          {}
func (*ChecklistReactivated) fields(c *codec) {
}

// ChecklistPublished says that the checklist goes on elsewhere; with From, that it
// came from there, and everything before this event with it. The cause is then a
// checkpoint of the log that it came from.
//
//	{"to":"https://cairn.example"}                          from is optional
//	{"to":"https://cairn.example","from":"cairn/0199…"}
type ChecklistPublished struct {
	// To is the server's URL, From the origin of the log that it came from.
	To, From string
}

// Kind returns the stored type.
func (*ChecklistPublished) Kind() Kind { return KindChecklistPublished }

// Subject returns what the event is about.
func (*ChecklistPublished) Subject() string { return "checklist" }
func (*ChecklistPublished) event()          {}
func (e *ChecklistPublished) fields(c *codec) {
	c.str("to", &e.To)
	c.str("from", &e.From)
}
