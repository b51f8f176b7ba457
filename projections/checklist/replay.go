package checklist

import "cairn/events"

// Edited returns raw after the edits of a text.edited event.
func Edited(raw string, edits []events.Edit) string { return edit(raw, edits) }
