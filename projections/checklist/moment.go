package checklist

// Moment is the moment in the past that a view is of, as it was asked for; the
// zero Moment is now.
type Moment struct {
	// AsOf is told by when events took effect, KnownAt by when they were
	// recorded; at most one of them is set.
	AsOf, KnownAt string
}

// String returns how it reads: "as of fri"; empty for now.
func (m Moment) String() string {
	switch {
	case m.AsOf != "":
		return "as of " + Clean(m.AsOf)
	case m.KnownAt != "":
		return "as known at " + Clean(m.KnownAt)
	}
	return ""
}
