package api

import "encoding/json"

// examples are a body for each command, as somebody would send it.
func examples() map[string]string {
	return map[string]string{
		"ImportDocument":      `{"document":"IyBQbGFuCgotIFsgXSB3cml0ZSBpdAo=","source":"docs/plan.md","follow":false}`,
		"SyncDocument":        `{"document":"IyBQbGFuCgotIFt4XSB3cml0ZSBpdAo=","path":"docs/plan.md","base":90}`,
		"RecordSync":          `{"path":"docs/plan.md","sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}`,
		"AddTask":             `{"text":"backfill the users","section":"s:4","reason":"found in review"}`,
		"StartTask":           `{"tasks":["12"]}`,
		"StopTask":            `{"tasks":["12"]}`,
		"HoldTask":            `{"tasks":["12"],"until":"+2w","reason":"waits for the vendor"}`,
		"CompleteTask":        `{"tasks":["12"],"reason":"PR #9"}`,
		"DropTask":            `{"tasks":["12"],"reason":"not needed any more"}`,
		"ReopenTask":          `{"tasks":["12"],"reason":"it fails on Postgres 17"}`,
		"EditTask":            `{"task":"12","text":"backfill all users"}`,
		"MoveTask":            `{"tasks":["12","13"],"after":"27"}`,
		"RemoveTask":          `{"tasks":["12"],"reason":"twice in the list"}`,
		"SplitTask":           `{"task":"12","texts":["backfill users","backfill orders"]}`,
		"AssignTask":          `{"tasks":["12"],"assignees":["ada"]}`,
		"ScheduleTask":        `{"tasks":["12"],"due":"2026-12-04"}`,
		"EstimateTask":        `{"tasks":["12"],"estimate":"3d"}`,
		"LabelTask":           `{"tasks":["12"],"add":["db"]}`,
		"LinkTask":            `{"task":"12","url":"https://github.com/acme/shop/issues/9"}`,
		"LinkTasks":           `{"links":[{"task":"12","url":"https://github.com/acme/shop/issues/9"}]}`,
		"LinkIssues":          `{"issues":[{"number":9,"title":"Backfill the users","url":"https://github.com/acme/shop/issues/9"}],"accept":0.9}`,
		"UnlinkTask":          `{"task":"12","url":"https://github.com/acme/shop/issues/9"}`,
		"BlockTask":           `{"tasks":["12"],"by":["5"]}`,
		"UnblockTask":         `{"tasks":["12"]}`,
		"CommentTask":         `{"task":"12","text":"the first half ran in 20 minutes"}`,
		"UncommentTask":       `{"task":"12","seq":412}`,
		"AddSection":          `{"title":"Cutover","after":"s:4"}`,
		"EditSection":         `{"section":"s:4","title":"Cutover and clean-up"}`,
		"MoveSection":         `{"section":"s:4","before":"s:2"}`,
		"RemoveSection":       `{"section":"s:4","with_tasks":true,"reason":"moved to another plan"}`,
		"PlanChecklist":       `{"start":"2026-11-02","finish":"2026-12-18","timezone":"Europe/Berlin"}`,
		"SetBaseline":         `{"name":"as agreed","finish":"2026-12-18"}`,
		"SeparateTask":        `{"task":"12","seq":412}`,
		"JoinTasks":           `{"tasks":["12","27"]}`,
		"ArchiveChecklist":    `{"reason":"it is done"}`,
		"PublishChecklist":    `{"to":"https://cairn.example"}`,
		"AddUser":             `{"user":"bob","role":"editor","checklists":["plan"]}`,
		"ChangeUser":          `{"user":"bob","role":"viewer"}`,
		"RemoveUser":          `{"user":"bob","reason":"left"}`,
		"CreateToken":         `{"user":"bob","hash":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","label":"laptop"}`,
		"RevokeToken":         `{"token":"e3b0c442"}`,
		"ReactivateChecklist": `{}`,
		"RecordReview":        `{"status":"on-track","note":"Billing is through","asks":["Billing: sign"]}`,
		"UndoCommand":         `{"seq":412}`,
		"RedoCommand":         `{}`,
	}
}

// exampleOf returns the example of a command; nil where there is none.
func exampleOf(name string) any {
	var v any
	if err := json.Unmarshal([]byte(examples()[name]), &v); err != nil {
		return nil
	}
	return v
}
