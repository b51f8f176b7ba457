package events

import "strings"

// Kind is the stored type of an event, "cairn.<noun>.<verb>.v<n>". The meaning
// of a kind never changes: a new meaning is a new version.
type Kind string

// The kinds of version 1. Kinds about the log itself lie on cairn.sys.
const (
	KindLogOpened     Kind = "cairn.log.opened.v1"
	KindSignerAdded   Kind = "cairn.signer.added.v1"
	KindSignerRemoved Kind = "cairn.signer.removed.v1"
	KindUserAdded     Kind = "cairn.user.added.v1"
	KindUserChanged   Kind = "cairn.user.changed.v1"
	KindUserRemoved   Kind = "cairn.user.removed.v1"
	KindTokenCreated  Kind = "cairn.token.created.v1"
	KindTokenRevoked  Kind = "cairn.token.revoked.v1"
	KindAccessRefused Kind = "cairn.access.refused.v1"

	KindPublicationBegun Kind = "cairn.publication.begun.v1"

	KindEventErased Kind = "cairn.event.erased.v1"

	KindChecklistCreated     Kind = "cairn.checklist.created.v1"
	KindChecklistDescribed   Kind = "cairn.checklist.described.v1"
	KindChecklistBaselined   Kind = "cairn.checklist.baselined.v1"
	KindChecklistArchived    Kind = "cairn.checklist.archived.v1"
	KindChecklistReactivated Kind = "cairn.checklist.reactivated.v1"
	KindChecklistPublished   Kind = "cairn.checklist.published.v1"

	KindDocumentSynced      Kind = "cairn.document.synced.v1"
	KindDocumentReformatted Kind = "cairn.document.reformatted.v1"

	KindSectionAdded     Kind = "cairn.section.added.v1"
	KindSectionRetitled  Kind = "cairn.section.retitled.v1"
	KindSectionMoved     Kind = "cairn.section.moved.v1"
	KindSectionRemoved   Kind = "cairn.section.removed.v1"
	KindSectionRestored  Kind = "cairn.section.restored.v1"
	KindSectionAssigned  Kind = "cairn.section.assigned.v1"
	KindSectionScheduled Kind = "cairn.section.scheduled.v1"

	KindTextAdded    Kind = "cairn.text.added.v1"
	KindTextEdited   Kind = "cairn.text.edited.v1"
	KindTextRemoved  Kind = "cairn.text.removed.v1"
	KindTextRestored Kind = "cairn.text.restored.v1"

	KindTaskAdded       Kind = "cairn.task.added.v1"
	KindTaskStarted     Kind = "cairn.task.started.v1"
	KindTaskHeld        Kind = "cairn.task.held.v1"
	KindTaskCompleted   Kind = "cairn.task.completed.v1"
	KindTaskDropped     Kind = "cairn.task.dropped.v1"
	KindTaskReopened    Kind = "cairn.task.reopened.v1"
	KindTaskReworded    Kind = "cairn.task.reworded.v1"
	KindTaskMoved       Kind = "cairn.task.moved.v1"
	KindTaskRemoved     Kind = "cairn.task.removed.v1"
	KindTaskRestored    Kind = "cairn.task.restored.v1"
	KindTaskAssigned    Kind = "cairn.task.assigned.v1"
	KindTaskScheduled   Kind = "cairn.task.scheduled.v1"
	KindTaskEstimated   Kind = "cairn.task.estimated.v1"
	KindTaskLabeled     Kind = "cairn.task.labeled.v1"
	KindTaskLinked      Kind = "cairn.task.linked.v1"
	KindTaskUnlinked    Kind = "cairn.task.unlinked.v1"
	KindTaskBlocked     Kind = "cairn.task.blocked.v1"
	KindTaskUnblocked   Kind = "cairn.task.unblocked.v1"
	KindTaskCommented   Kind = "cairn.task.commented.v1"
	KindTaskUncommented Kind = "cairn.task.uncommented.v1"
	KindTaskSeparated   Kind = "cairn.task.separated.v1"
	KindTaskJoined      Kind = "cairn.task.joined.v1"

	KindReviewRecorded Kind = "cairn.review.recorded.v1"
)

// Noun returns what the kind is about: "task".
func (k Kind) Noun() string {
	noun, _, _ := strings.Cut(strings.TrimPrefix(string(k), "cairn."), ".")
	return noun
}

// Verb returns what happened, without the version: "completed".
func (k Kind) Verb() string {
	_, verb, _ := strings.Cut(strings.TrimPrefix(string(k), "cairn."), ".")
	if i := strings.LastIndexByte(verb, '.'); i >= 0 {
		verb = verb[:i]
	}
	return verb
}

// Kinds returns every kind that this version knows, in the order above.
func Kinds() []Kind {
	return []Kind{
		KindLogOpened, KindSignerAdded, KindSignerRemoved, KindUserAdded, KindUserChanged, KindUserRemoved,
		KindTokenCreated, KindTokenRevoked, KindAccessRefused, KindPublicationBegun, KindEventErased,
		KindChecklistCreated, KindChecklistDescribed, KindChecklistBaselined, KindChecklistArchived,
		KindChecklistReactivated, KindChecklistPublished, KindDocumentSynced, KindDocumentReformatted,
		KindSectionAdded, KindSectionRetitled, KindSectionMoved, KindSectionRemoved, KindSectionRestored,
		KindSectionAssigned, KindSectionScheduled,
		KindTextAdded, KindTextEdited, KindTextRemoved, KindTextRestored,
		KindTaskAdded, KindTaskStarted, KindTaskHeld, KindTaskCompleted, KindTaskDropped, KindTaskReopened,
		KindTaskReworded, KindTaskMoved, KindTaskRemoved, KindTaskRestored, KindTaskAssigned, KindTaskScheduled,
		KindTaskEstimated, KindTaskLabeled, KindTaskLinked, KindTaskUnlinked, KindTaskBlocked, KindTaskUnblocked,
		KindTaskCommented, KindTaskUncommented, KindTaskSeparated, KindTaskJoined, KindReviewRecorded,
	}
}

// newEvent returns an empty event of kind k, to be read into; *Unknown if this
// version does not know k. It is the one closed table of the stored form.
func newEvent(k Kind) Event {
	switch k {
	case KindLogOpened:
		return new(LogOpened)
	case KindSignerAdded:
		return new(SignerAdded)
	case KindSignerRemoved:
		return new(SignerRemoved)
	case KindUserAdded:
		return new(UserAdded)
	case KindUserChanged:
		return new(UserChanged)
	case KindUserRemoved:
		return new(UserRemoved)
	case KindTokenCreated:
		return new(TokenCreated)
	case KindTokenRevoked:
		return new(TokenRevoked)
	case KindAccessRefused:
		return new(AccessRefused)
	case KindPublicationBegun:
		return new(PublicationBegun)
	case KindEventErased:
		return new(EventErased)
	case KindChecklistCreated:
		return new(ChecklistCreated)
	case KindChecklistDescribed:
		return new(ChecklistDescribed)
	case KindChecklistBaselined:
		return new(ChecklistBaselined)
	case KindChecklistArchived:
		return new(ChecklistArchived)
	case KindChecklistReactivated:
		return new(ChecklistReactivated)
	case KindChecklistPublished:
		return new(ChecklistPublished)
	case KindDocumentSynced:
		return new(DocumentSynced)
	case KindDocumentReformatted:
		return new(DocumentReformatted)
	case KindSectionAdded:
		return new(SectionAdded)
	case KindSectionRetitled:
		return new(SectionRetitled)
	case KindSectionMoved:
		return new(SectionMoved)
	case KindSectionRemoved:
		return new(SectionRemoved)
	case KindSectionRestored:
		return new(SectionRestored)
	case KindSectionAssigned:
		return new(SectionAssigned)
	case KindSectionScheduled:
		return new(SectionScheduled)
	case KindTextAdded:
		return new(TextAdded)
	case KindTextEdited:
		return new(TextEdited)
	case KindTextRemoved:
		return new(TextRemoved)
	case KindTextRestored:
		return new(TextRestored)
	case KindTaskAdded:
		return new(TaskAdded)
	case KindTaskStarted:
		return new(TaskStarted)
	case KindTaskHeld:
		return new(TaskHeld)
	case KindTaskCompleted:
		return new(TaskCompleted)
	case KindTaskDropped:
		return new(TaskDropped)
	case KindTaskReopened:
		return new(TaskReopened)
	case KindTaskReworded:
		return new(TaskReworded)
	case KindTaskMoved:
		return new(TaskMoved)
	case KindTaskRemoved:
		return new(TaskRemoved)
	case KindTaskRestored:
		return new(TaskRestored)
	case KindTaskAssigned:
		return new(TaskAssigned)
	case KindTaskScheduled:
		return new(TaskScheduled)
	case KindTaskEstimated:
		return new(TaskEstimated)
	case KindTaskLabeled:
		return new(TaskLabeled)
	case KindTaskLinked:
		return new(TaskLinked)
	case KindTaskUnlinked:
		return new(TaskUnlinked)
	case KindTaskBlocked:
		return new(TaskBlocked)
	case KindTaskUnblocked:
		return new(TaskUnblocked)
	case KindTaskCommented:
		return new(TaskCommented)
	case KindTaskUncommented:
		return new(TaskUncommented)
	case KindTaskSeparated:
		return new(TaskSeparated)
	case KindTaskJoined:
		return new(TaskJoined)
	case KindReviewRecorded:
		return new(ReviewRecorded)
	default:
		return &Unknown{Type: k}
	}
}

// Unknown is an event of a kind from a newer version. Its body is kept.
type Unknown struct {
	Type Kind
}

// Kind returns the stored type.
func (e *Unknown) Kind() Kind { return e.Type }

// Subject returns "": what it is about is not known.
func (*Unknown) Subject() string { return "" }
func (*Unknown) event()          {}
func (*Unknown) fields(*codec)   {}

// Matters reports whether views are incomplete without the event: it is about
// a section, a task, a text, a document or a checklist.
func (e *Unknown) Matters() bool {
	switch e.Type.Noun() {
	case "section", "task", "text", "document", "checklist":
		return true
	}
	return false
}

// Unreadable stands for a body that cannot be decoded.
type Unreadable struct {
	Err error
}

// Kind returns "".
func (*Unreadable) Kind() Kind { return "" }

// Subject returns "".
func (*Unreadable) Subject() string { return "" }
func (*Unreadable) event()          {}
func (*Unreadable) fields(*codec)   {}
