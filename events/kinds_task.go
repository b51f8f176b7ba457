package events

// TaskAdded says that a task stands in the document.
//
//	{"key":12,"in":"section/3","after":"task/11","text":"…","state":"todo","raw":"- [ ] …\n","box":3,
//	 "assignees":["ada"],"start":"2026-12-01","due":"2026-12-24","estimate":"3d","labels":["db"],"links":["https://…"]}
type TaskAdded struct {
	Key   int
	Place Place
	// Text is the first paragraph without box, recognised links and metadata.
	Text  string
	State State
	// Raw is the exact bytes of the task's own lines. Box is the offset of the
	// marker in them: always the byte behind the first [.
	Raw string
	Box int
	// What the line says of these; all optional.
	Assignees     []string
	Start, Due    Day
	Estimate      string
	Labels, Links []string
}

// Kind returns the stored type.
func (*TaskAdded) Kind() Kind { return KindTaskAdded }

// Subject returns what the event is about.
func (e *TaskAdded) Subject() string { return TaskRef(e.Key).String() }
func (*TaskAdded) event()            {}
func (e *TaskAdded) fields(c *codec) {
	c.num("key", &e.Key)
	c.place(&e.Place)
	c.text("text", &e.Text)
	strAs(c, "state", &e.State)
	c.raw("raw", &e.Raw)
	c.num("box", &e.Box)
	c.strs("assignees", &e.Assignees)
	strAs(c, "start", &e.Start)
	strAs(c, "due", &e.Due)
	c.str("estimate", &e.Estimate)
	c.strs("labels", &e.Labels)
	c.strs("links", &e.Links)
}

// TaskStarted says that work on a task is in progress.
//
//	{"key":12,"mark":"~","doc":{"text/2":"Legend: …"}}
type TaskStarted struct {
	Key int
	// Mark is the marker after; 0 leaves the line as it is.
	Mark byte
	// Doc is the legend, if the event extends or shortens it.
	Doc []Line
}

// Kind returns the stored type.
func (*TaskStarted) Kind() Kind { return KindTaskStarted }

// Subject returns what the event is about.
func (e *TaskStarted) Subject() string { return TaskRef(e.Key).String() }
func (*TaskStarted) event()            {}
func (e *TaskStarted) fields(c *codec) {
	c.num("key", &e.Key)
	c.mark("mark", &e.Mark)
	c.doc(&e.Doc)
}

// TaskHeld says that work on a task waits for something.
//
//	{"key":12,"mark":"!","until":"2026-12-01","doc":{…}}     until is optional
type TaskHeld struct {
	Key int
	// Mark is the marker after; 0 leaves the line as it is.
	Mark byte
	// Until is the day on which to look again.
	Until Day
	// Doc is the legend, if the event extends or shortens it.
	Doc []Line
}

// Kind returns the stored type.
func (*TaskHeld) Kind() Kind { return KindTaskHeld }

// Subject returns what the event is about.
func (e *TaskHeld) Subject() string { return TaskRef(e.Key).String() }
func (*TaskHeld) event()            {}
func (e *TaskHeld) fields(c *codec) {
	c.num("key", &e.Key)
	c.mark("mark", &e.Mark)
	strAs(c, "until", &e.Until)
	c.doc(&e.Doc)
}

// TaskCompleted says that a task is done; or, if it repeats, that one occurrence of it is.
//
//	{"key":12,"mark":"x","occurrence":"2026-11-27"}     occurrence only where the task repeats; it stays open
type TaskCompleted struct {
	Key int
	// Mark is the marker after; 0 leaves the line as it is.
	Mark byte
	// Occurrence is the due day of the occurrence that is done.
	Occurrence Day
	// Doc is the legend, if the event extends or shortens it.
	Doc []Line
}

// Kind returns the stored type.
func (*TaskCompleted) Kind() Kind { return KindTaskCompleted }

// Subject returns what the event is about.
func (e *TaskCompleted) Subject() string { return TaskRef(e.Key).String() }
func (*TaskCompleted) event()            {}
func (e *TaskCompleted) fields(c *codec) {
	c.num("key", &e.Key)
	c.mark("mark", &e.Mark)
	strAs(c, "occurrence", &e.Occurrence)
	c.doc(&e.Doc)
}

// TaskDropped says that it was decided not to do a task. It stays in the document and
// leaves the scope.
//
//	{"key":12,"mark":"-","doc":{…}}
type TaskDropped struct {
	Key int
	// Mark is the marker after; 0 leaves the line as it is.
	Mark byte
	// Doc is the legend, if the event extends or shortens it.
	Doc []Line
}

// Kind returns the stored type.
func (*TaskDropped) Kind() Kind { return KindTaskDropped }

// Subject returns what the event is about.
func (e *TaskDropped) Subject() string { return TaskRef(e.Key).String() }
func (*TaskDropped) event()            {}
func (e *TaskDropped) fields(c *codec) {
	c.num("key", &e.Key)
	c.mark("mark", &e.Mark)
	c.doc(&e.Doc)
}

// TaskReopened says that a task is to be done (again): its state is todo.
//
//	{"key":12,"mark":" ","occurrence":"2026-11-27","doc":{…}}
//
// With an occurrence, the task repeats and stays open: that occurrence is not
// done after all.
type TaskReopened struct {
	Key int
	// Mark is the marker after; 0 leaves the line as it is.
	Mark byte
	// Occurrence is the due day of the occurrence that is not done.
	Occurrence Day
	// Doc is the legend, if the event extends or shortens it.
	Doc []Line
}

// Kind returns the stored type.
func (*TaskReopened) Kind() Kind { return KindTaskReopened }

// Subject returns what the event is about.
func (e *TaskReopened) Subject() string { return TaskRef(e.Key).String() }
func (*TaskReopened) event()            {}
func (e *TaskReopened) fields(c *codec) {
	c.num("key", &e.Key)
	c.mark("mark", &e.Mark)
	strAs(c, "occurrence", &e.Occurrence)
	c.doc(&e.Doc)
}

// TaskReworded says that a task reads otherwise.
//
//	{"key":12,"text":"…","raw":"- [ ] …\n","box":3,"match":{"stage":"similar","score":0.71}}
type TaskReworded struct {
	Key       int
	Text, Raw string
	Box       int
	Match     Match
}

// Kind returns the stored type.
func (*TaskReworded) Kind() Kind { return KindTaskReworded }

// Subject returns what the event is about.
func (e *TaskReworded) Subject() string { return TaskRef(e.Key).String() }
func (*TaskReworded) event()            {}
func (e *TaskReworded) fields(c *codec) {
	c.num("key", &e.Key)
	c.text("text", &e.Text)
	c.raw("raw", &e.Raw)
	c.num("box", &e.Box)
	c.match(&e.Match)
}

// TaskMoved says that a task with all that stands in it has another place.
//
//	{"key":12,"in":"task/9","after":"task/11","raw":"  - [ ] …\n","box":5,"doc":{"task/13":"    - [ ] …\n"},"match":{…}}
type TaskMoved struct {
	Key   int
	Place Place
	// Raw and Box are the task's own lines after, if the value is written in them.
	Raw string
	Box int
	// Doc is what stands in the task, re-indented.
	Doc   []Line
	Match Match
}

// Kind returns the stored type.
func (*TaskMoved) Kind() Kind { return KindTaskMoved }

// Subject returns what the event is about.
func (e *TaskMoved) Subject() string { return TaskRef(e.Key).String() }
func (*TaskMoved) event()            {}
func (e *TaskMoved) fields(c *codec) {
	c.num("key", &e.Key)
	c.place(&e.Place)
	c.optRaw("raw", &e.Raw)
	c.num("box", &e.Box)
	c.doc(&e.Doc)
	c.match(&e.Match)
}

// TaskRemoved says that a task is no longer in the document, nor what stood in it.
//
//	{"key":12}
type TaskRemoved struct {
	Key int
}

// Kind returns the stored type.
func (*TaskRemoved) Kind() Kind { return KindTaskRemoved }

// Subject returns what the event is about.
func (e *TaskRemoved) Subject() string { return TaskRef(e.Key).String() }
func (*TaskRemoved) event()            {}
func (e *TaskRemoved) fields(c *codec) {
	c.num("key", &e.Key)
}

// TaskRestored says that a removed task is back with what stood in it, keys and all.
//
//	{"key":12,"in":"section/3","after":"task/11"}
type TaskRestored struct {
	Key   int
	Place Place
}

// Kind returns the stored type.
func (*TaskRestored) Kind() Kind { return KindTaskRestored }

// Subject returns what the event is about.
func (e *TaskRestored) Subject() string { return TaskRef(e.Key).String() }
func (*TaskRestored) event()            {}
func (e *TaskRestored) fields(c *codec) {
	c.num("key", &e.Key)
	c.place(&e.Place)
}

// TaskAssigned says that a task belongs to these people, the value after.
//
//	{"key":12,"assignees":["ada"],"raw":"…","box":3}     null: nobody
type TaskAssigned struct {
	Key       int
	Assignees []string
	// Raw and Box are the task's own lines after, if the value is written in them.
	Raw string
	Box int
}

// Kind returns the stored type.
func (*TaskAssigned) Kind() Kind { return KindTaskAssigned }

// Subject returns what the event is about.
func (e *TaskAssigned) Subject() string { return TaskRef(e.Key).String() }
func (*TaskAssigned) event()            {}
func (e *TaskAssigned) fields(c *codec) {
	c.num("key", &e.Key)
	c.value("assignees", &e.Assignees)
	c.optRaw("raw", &e.Raw)
	c.num("box", &e.Box)
}

// TaskScheduled says that a task has other days. Absent is unchanged, null clears.
//
//	{"key":12,"start":null,"due":"2026-12-24","every":"week","raw":"…","box":3}
type TaskScheduled struct {
	Key        int
	Start, Due Optional[Day]
	// Every makes the task repeat: "day", "week", "month", or "2 weeks".
	Every Optional[string]
	// Raw and Box are the task's own lines after, if the value is written in them.
	Raw string
	Box int
}

// Kind returns the stored type.
func (*TaskScheduled) Kind() Kind { return KindTaskScheduled }

// Subject returns what the event is about.
func (e *TaskScheduled) Subject() string { return TaskRef(e.Key).String() }
func (*TaskScheduled) event()            {}
func (e *TaskScheduled) fields(c *codec) {
	c.num("key", &e.Key)
	optional(c, "start", &e.Start)
	optional(c, "due", &e.Due)
	optional(c, "every", &e.Every)
	c.optRaw("raw", &e.Raw)
	c.num("box", &e.Box)
}

// TaskEstimated says that a task is expected to take that much work, the value after.
//
//	{"key":12,"estimate":"3d","raw":"…","box":3}     null: no estimate
type TaskEstimated struct {
	Key int
	// Estimate is a number of days or hours: "3d", "4h", or points: "5".
	Estimate string
	// Raw and Box are the task's own lines after, if the value is written in them.
	Raw string
	Box int
}

// Kind returns the stored type.
func (*TaskEstimated) Kind() Kind { return KindTaskEstimated }

// Subject returns what the event is about.
func (e *TaskEstimated) Subject() string { return TaskRef(e.Key).String() }
func (*TaskEstimated) event()            {}
func (e *TaskEstimated) fields(c *codec) {
	c.num("key", &e.Key)
	c.cleared("estimate", &e.Estimate)
	c.optRaw("raw", &e.Raw)
	c.num("box", &e.Box)
}

// TaskLabeled says that a task carries these labels, the value after.
//
//	{"key":12,"labels":["db","risky"],"raw":"…","box":3}     null: none
type TaskLabeled struct {
	Key    int
	Labels []string
	// Raw and Box are the task's own lines after, if the value is written in them.
	Raw string
	Box int
}

// Kind returns the stored type.
func (*TaskLabeled) Kind() Kind { return KindTaskLabeled }

// Subject returns what the event is about.
func (e *TaskLabeled) Subject() string { return TaskRef(e.Key).String() }
func (*TaskLabeled) event()            {}
func (e *TaskLabeled) fields(c *codec) {
	c.num("key", &e.Key)
	c.value("labels", &e.Labels)
	c.optRaw("raw", &e.Raw)
	c.num("box", &e.Box)
}

// TaskLinked says that a task and an issue, or another page, belong together.
//
//	{"key":12,"url":"https://github.com/o/r/issues/12","raw":"…","box":3}
type TaskLinked struct {
	Key int
	URL string
	// Raw and Box are the task's own lines after, if the value is written in them.
	Raw string
	Box int
}

// Kind returns the stored type.
func (*TaskLinked) Kind() Kind { return KindTaskLinked }

// Subject returns what the event is about.
func (e *TaskLinked) Subject() string { return TaskRef(e.Key).String() }
func (*TaskLinked) event()            {}
func (e *TaskLinked) fields(c *codec) {
	c.num("key", &e.Key)
	c.str("url", &e.URL)
	c.optRaw("raw", &e.Raw)
	c.num("box", &e.Box)
}

// TaskUnlinked says that they no longer belong together.
//
//	{"key":12,"url":"https://github.com/o/r/issues/12","raw":"…","box":3}
type TaskUnlinked struct {
	Key int
	URL string
	// Raw and Box are the task's own lines after, if the value is written in them.
	Raw string
	Box int
}

// Kind returns the stored type.
func (*TaskUnlinked) Kind() Kind { return KindTaskUnlinked }

// Subject returns what the event is about.
func (e *TaskUnlinked) Subject() string { return TaskRef(e.Key).String() }
func (*TaskUnlinked) event()            {}
func (e *TaskUnlinked) fields(c *codec) {
	c.num("key", &e.Key)
	c.str("url", &e.URL)
	c.optRaw("raw", &e.Raw)
	c.num("box", &e.Box)
}

// TaskBlocked says that a task cannot be worked on before others are closed; a risk rests
// on them. By is what was added.
//
//	{"key":12,"by":[9,10]}
type TaskBlocked struct {
	Key int
	By  []int
}

// Kind returns the stored type.
func (*TaskBlocked) Kind() Kind { return KindTaskBlocked }

// Subject returns what the event is about.
func (e *TaskBlocked) Subject() string { return TaskRef(e.Key).String() }
func (*TaskBlocked) event()            {}
func (e *TaskBlocked) fields(c *codec) {
	c.num("key", &e.Key)
	c.nums("by", &e.By)
}

// TaskUnblocked says that a task no longer waits for others. By is what was taken away.
//
//	{"key":12,"by":[9]}
type TaskUnblocked struct {
	Key int
	By  []int
}

// Kind returns the stored type.
func (*TaskUnblocked) Kind() Kind { return KindTaskUnblocked }

// Subject returns what the event is about.
func (e *TaskUnblocked) Subject() string { return TaskRef(e.Key).String() }
func (*TaskUnblocked) event()            {}
func (e *TaskUnblocked) fields(c *codec) {
	c.num("key", &e.Key)
	c.nums("by", &e.By)
}

// TaskCommented says that somebody said something about a task. The event's id names the comment.
//
//	{"key":12,"text":"…","again":"<event id>"}
//
// With again, it is the comment of that event, which had been taken back.
type TaskCommented struct {
	Key  int
	Text string
	// Again is the id of the comment that is back; optional.
	Again string
}

// Kind returns the stored type.
func (*TaskCommented) Kind() Kind { return KindTaskCommented }

// Subject returns what the event is about.
func (e *TaskCommented) Subject() string { return TaskRef(e.Key).String() }
func (*TaskCommented) event()            {}
func (e *TaskCommented) fields(c *codec) {
	c.num("key", &e.Key)
	c.text("text", &e.Text)
	c.str("again", &e.Again)
}

// TaskUncommented says that a comment was taken back.
//
//	{"key":12,"comment":"<event id>"}
type TaskUncommented struct {
	Key     int
	Comment string
}

// Kind returns the stored type.
func (*TaskUncommented) Kind() Kind { return KindTaskUncommented }

// Subject returns what the event is about.
func (e *TaskUncommented) Subject() string { return TaskRef(e.Key).String() }
func (*TaskUncommented) event()            {}
func (e *TaskUncommented) fields(c *codec) {
	c.num("key", &e.Key)
	c.str("comment", &e.Comment)
}

// TaskSeparated says that from an earlier event on, the line was another task: as.
//
//	{"key":12,"from":"<event id>","as":70}
type TaskSeparated struct {
	Key int
	// From is the id of the event that took the two for one.
	From string
	As   int
}

// Kind returns the stored type.
func (*TaskSeparated) Kind() Kind { return KindTaskSeparated }

// Subject returns what the event is about.
func (e *TaskSeparated) Subject() string { return TaskRef(e.Key).String() }
func (*TaskSeparated) event()            {}
func (e *TaskSeparated) fields(c *codec) {
	c.num("key", &e.Key)
	c.str("from", &e.From)
	c.num("as", &e.As)
}

// TaskJoined says that the task was the same as an earlier one, which goes on under its own
// key; this key is not used again.
//
//	{"key":70,"into":12}
type TaskJoined struct {
	Key, Into int
}

// Kind returns the stored type.
func (*TaskJoined) Kind() Kind { return KindTaskJoined }

// Subject returns what the event is about.
func (e *TaskJoined) Subject() string { return TaskRef(e.Key).String() }
func (*TaskJoined) event()            {}
func (e *TaskJoined) fields(c *codec) {
	c.num("key", &e.Key)
	c.num("into", &e.Into)
}
