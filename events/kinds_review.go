package events

// ReviewRecorded says that a review was held over the revisions from (excluded) to upto.
//
//	{"from":160,"upto":188,"status":"at-risk","note":"…","asks":["Billing: sign the contract by 06-11"]}
type ReviewRecorded struct {
	From, Upto int
	// Status is on-track, at-risk or off-track.
	Status, Note string
	Asks         []string
}

// Kind returns the stored type.
func (*ReviewRecorded) Kind() Kind { return KindReviewRecorded }

// Subject returns what the event is about.
func (*ReviewRecorded) Subject() string { return "review" }
func (*ReviewRecorded) event()          {}
func (e *ReviewRecorded) fields(c *codec) {
	c.num("from", &e.From)
	c.num("upto", &e.Upto)
	c.str("status", &e.Status)
	c.str("note", &e.Note)
	c.strs("asks", &e.Asks)
}
