package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"cairn/cmd/cairn/version"
	"cairn/projections/checklist"
	"cairn/server"
	"cairn/server/docfile"
	"cairn/server/trust"
)

func newDoctor(c *cli) *cobra.Command {
	var n natsFlags
	cmd := &cobra.Command{
		Use: "doctor", Short: "Look whether all that the log needs is in order",
		Long: `Look at the log's directory, permissions, lock, marker, stream, head, key, disk,
memory and files; of a server's log, at what lies between here and there. Each
line says ok, or what to do. The exit code is 0 if all is well, 7 if the log is
damaged, 1 otherwise. Every event: cairn verify

  cairn doctor
  cairn doctor --json`,
		Args: args(0, 0, "no argument"),
		RunE: func(cmd *cobra.Command, _ []string) error { return c.doctor(cmd.Context(), n) },
	}
	n.add(cmd)
	return cmd
}

// checkup is one finding in JSON.
type checkup struct {
	What    string  `json:"what"`
	OK      bool    `json:"ok"`
	Text    string  `json:"text"`
	Remedy  *string `json:"remedy"`
	Damaged bool    `json:"damaged"`
}

func (c *cli) doctor(ctx context.Context, n natsFlags) error {
	if n.url == "" {
		if err := c.locate(); err != nil {
			return err
		}
	}
	at, config, err := c.nats(n)
	if err != nil {
		return err
	}
	where := c.logPath()
	var findings []trust.Finding
	if n.url != "" {
		where = n.shown()
		if findings, err = at.Doctor(ctx, config); err != nil {
			return err
		}
	} else if c.place.URL != "" {
		findings, c.session = server.DoctorServer(ctx, c.place, config, c.actor().ID)
	} else {
		findings, c.session = server.Doctor(ctx, c.place, config, c.actor().ID)
	}
	healthy := true
	for _, f := range findings {
		healthy = healthy && f.OK()
	}
	if healthy && c.place.Exists && n.url == "" {
		findings = append(findings, c.doctorFiles(ctx)...)
	}
	doc := struct {
		Schema   int       `json:"schema"`
		Kind     string    `json:"kind"`
		OK       bool      `json:"ok"`
		Log      string    `json:"log"`
		Version  string    `json:"version"`
		Findings []checkup `json:"findings"`
	}{1, "doctor", true, where, version.Version(), []checkup{}}
	for _, f := range findings {
		line := checkup{What: f.What, OK: f.OK(), Text: f.Text, Damaged: f.Damaged}
		if !f.OK() {
			doc.OK, line.Remedy, c.exit = false, &f.Remedy, max(c.exit, 1)
		}
		if f.Damaged {
			c.exit = 7
		}
		doc.Findings = append(doc.Findings, line)
	}
	if c.json {
		return c.printJSON(doc)
	}
	for _, f := range findings {
		state := "ok "
		if !f.OK() {
			state = "BAD"
		}
		fmt.Fprintf(c.out, "%s  %-11s  %s\n", state, f.What, checklist.Clean(f.Text))
		if !f.OK() {
			fmt.Fprintf(c.out, "                  %s\n", checklist.Clean(f.Remedy))
		}
	}
	return nil
}

// doctorFiles looks whether the tied files are what the log says.
func (c *cli) doctorFiles(ctx context.Context) (found []trust.Finding) {
	if c.session == nil {
		config, err := c.config()
		if err != nil {
			return nil // said already
		}
		config.Wait = time.Second
		if c.session, err = server.Open(ctx, c.place, config); err != nil {
			c.session = nil
			return nil // said already, or in use since
		}
	}
	s := c.session
	all, err := s.Checklists(ctx)
	if err != nil {
		return []trust.Finding{{What: "checklists", Text: message(err), Remedy: "cairn verify says what is damaged.", Damaged: true}}
	}
	for _, sum := range all {
		if sum.Path == "" {
			continue
		}
		err := s.Checklist(ctx, sum.Name, nil, func(st *checklist.State) error {
			file, ok := c.tied(st)
			if !ok {
				return nil
			}
			f := trust.Finding{What: "file"}
			_, known := c.copies().Load(file.Path)
			status, lines, err := docfile.Compare(file, c.copies(), s.Origin(), st.Name, st.Document())
			switch {
			case err != nil:
				f.Text, f.Remedy = err.Error(), "The log is in order; make the file readable."
			case status == docfile.Missing && !known:
				f.Text = file.Shown + " is not here; cairn export " + file.Shown + " -c " + st.Name + " writes it"
			case status == docfile.Missing:
				f.Text, f.Remedy = file.Shown+" is gone", "Write it again: cairn export "+file.Shown+" -c "+st.Name
			case status == docfile.Differs:
				f.Text, f.Remedy = fmt.Sprintf("%s differs in %s from %s", file.Shown, count(lines, "line"), st.Name), "Take the edits in: cairn sync -c "+st.Name
			default:
				f.Text = fmt.Sprintf("%s is %s@%d", file.Shown, st.Name, st.Seq())
			}
			found = append(found, f)
			return nil
		})
		if err != nil {
			found = append(found, trust.Finding{What: "checklist", Text: sum.Name + ": " + err.Error(), Remedy: "cairn verify says what is damaged.", Damaged: true})
		}
	}
	return found
}
