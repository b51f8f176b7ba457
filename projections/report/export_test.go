package report

import "cairn/projections/checklist"

// Reviews are those of the checklist at the end of the report.
func (r *Report) Reviews() []checklist.Review { return r.st.Reviews }
