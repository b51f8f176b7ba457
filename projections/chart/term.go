package chart

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"cairn/events"
	"cairn/projections/burndown"
	"cairn/projections/checklist"
)

// rows is how high a chart is on a terminal.
const rows = 16

// grid is the canvas: row 0 is the bottom. What is drawn first stays.
type grid [rows + 1][]rune

func newGrid(width int) *grid {
	var g grid
	for i := range g {
		g[i] = make([]rune, width)
	}
	return &g
}

// put draws r where nothing is yet.
func (g *grid) put(row, column int, r rune) {
	if row >= 0 && row <= rows && column >= 0 && column < len(g[0]) && g[row][column] == 0 {
		g[row][column] = r
	}
}

// text writes s where there is room for all of it, and reports whether there was.
func (g *grid) text(row, column int, s string) bool {
	cells := []rune(s)
	if row < 0 || row > rows || column < 0 || column+len(cells) > len(g[0]) {
		return false
	}
	for i := range cells {
		if g[row][column+i] != 0 {
			return false
		}
	}
	copy(g[row][column:], cells)
	return true
}

// scale maps counts to rows.
type scale struct {
	top  int
	each float64 // rows a task
	step int     // between two labels
}

func newScale(most int) scale {
	switch {
	case most <= 0:
		return scale{top: 1, each: rows, step: 1}
	case most <= rows:
		per := rows / most
		return scale{top: most, each: float64(per), step: (most + 3) / 4}
	}
	unit := (most + rows - 1) / rows
	return scale{top: unit * rows, each: 1 / float64(unit), step: unit * rows / 4}
}

func (s scale) row(v float64) int { return int(math.Round(v * s.each)) }

// Text draws a chart in o.Width columns, and ends with sentences. It writes nothing
// but text.
func Text(w io.Writer, s *burndown.Summary, kind Kind, o TextOptions) error {
	switch kind {
	case Burnup:
		return drawBurnup(w, s, o)
	case Flow:
		return drawFlow(w, s, o)
	default:
		return drawBurndown(w, s, o)
	}
}

// drawBurndown draws what remains, with the scope, the ideal line and the range of
// the forecast.
func drawBurndown(w io.Writer, s *burndown.Summary, o TextOptions) error {
	c := newCanvas(s, o, endOf(s))
	c.steps(func(d burndown.Day) int { return d.Work.Remaining() }, '━', '┃', "┓┗┛┏")
	c.label(func(d burndown.Day) int { return d.Work.Remaining() }, "")
	c.scope()
	c.range85()
	c.target()
	c.ideal()
	return c.write(w, "Remaining work", "━ remaining   ┄ scope"+c.idealLegend())
}

// drawBurnup draws what is done, up to the scope.
func drawBurnup(w io.Writer, s *burndown.Summary, o TextOptions) error {
	c := newCanvas(s, o, endOf(s))
	c.steps(func(d burndown.Day) int { return d.Work.Done }, '━', '┃', "┓┗┛┏")
	c.label(func(d burndown.Day) int { return d.Work.Done }, "")
	c.scope()
	c.range85()
	c.target()
	return c.write(w, "Done work", "━ done   ┄ scope")
}

// canvas is a chart that is being drawn.
type canvas struct {
	s     *burndown.Summary
	o     TextOptions
	axis  axis
	scale scale
	grid  *grid
	today int // its column
}

// newCanvas makes room from the first day to end.
func newCanvas(s *burndown.Summary, o TextOptions, end events.Day) *canvas {
	if o.Width == 0 || o.Markdown {
		o.Width = 80
	}
	c := &canvas{s: s, o: o}
	most := 0
	for _, d := range s.Days {
		most = max(most, d.Work.Scope())
	}
	c.scale = newScale(int(math.Ceil(s.Unit.Of(most))))
	last := s.Days[len(s.Days)-1]
	width := max(min(o.Width, 100)-2-c.margin(), 20)
	const label = 12 // room for what stands behind the last day
	c.axis = newAxis(s.Days[0].Date, end, o.By, width-label)
	if wide := newAxis(s.Days[0].Date, end, o.By, width); wide.columns-wide.column(last.Date) > label {
		c.axis = wide
	}
	c.today = c.axis.column(last.Date)
	c.grid = newGrid(width)
	return c
}

// row is where so much work is drawn.
func (c *canvas) row(n int) int { return c.scale.row(c.s.Unit.Of(n)) }

// margin is the columns that the labels of the scale take.
func (c *canvas) margin() int { return len(fmt.Sprint(c.scale.top)) + 4 }

// at returns the day that a column shows; false behind the last.
func (c *canvas) at(column int) (burndown.Day, bool) {
	if column > c.today {
		return burndown.Day{}, false
	}
	i := days(c.s.Days[0].Date, c.axis.lastDay(column))
	return c.s.Days[min(max(i, 0), len(c.s.Days)-1)], true
}

// steps draws a line of what value is, along and up and down; corners are down
// from the left, on to the right, up from the left, on to the right.
func (c *canvas) steps(value func(burndown.Day) int, along, upright rune, corners string) {
	turn := []rune(corners)
	before := -1
	for column := 0; column <= c.today; column++ {
		d, _ := c.at(column)
		row := c.row(value(d))
		switch {
		case before < 0 || row == before:
			c.grid.put(row, column, along)
		case row < before:
			c.grid.put(before, column, turn[0])
			c.grid.put(row, column, turn[1])
		default:
			c.grid.put(before, column, turn[2])
			c.grid.put(row, column, turn[3])
		}
		for r := min(row, before) + 1; before >= 0 && r < max(row, before); r++ {
			c.grid.put(r, column, upright)
		}
		before = row
	}
}

// label writes the last value behind it.
func (c *canvas) label(value func(burndown.Day) int, before string) {
	v := value(c.s.Days[len(c.s.Days)-1])
	c.grid.text(c.row(v), c.today+1, " "+before+c.s.Unit.Number(v)+" ")
}

func (c *canvas) scope() {
	for column := 0; column <= c.today; column++ {
		d, _ := c.at(column)
		c.grid.put(c.row(d.Work.Scope()), column, '┄')
	}
	c.label(func(d burndown.Day) int { return d.Work.Scope() }, "scope ")
}

// ideal draws the plan: a dot where it passes.
func (c *canvas) ideal() {
	line := c.s.Ideal
	if line == nil {
		return
	}
	before := -1
	for column := range c.axis.columns {
		d := c.axis.lastDay(column)
		if d > line.Finish {
			break
		}
		row := c.scale.row(line.At(d) * c.s.Unit.Of(1))
		if row == 0 && before == 0 {
			break
		}
		c.grid.put(row, column, '·')
		before = row
	}
}

func (c *canvas) idealLegend() string {
	line := c.s.Ideal
	if line == nil {
		return ""
	}
	from := string(line.Start)
	if line.Baseline != "" {
		from += ", " + checklist.Cut(checklist.Clean(line.Baseline), 20)
	}
	return fmt.Sprintf("   · ideal (%s at %s, working days)", c.s.Unit.Number(line.From), from)
}

// target draws the day by which it is to be done.
func (c *canvas) target() {
	line := c.s.Ideal
	if line == nil || line.Finish > c.axis.last || line.Finish < c.axis.first {
		return
	}
	column := c.axis.column(line.Finish)
	day := string(line.Finish[5:])
	if !c.grid.text(rows, column+2, "target") {
		c.grid.text(rows, column-7, "target")
	}
	if !c.grid.text(rows-1, column+2, day) {
		c.grid.text(rows-1, column-6, day)
	}
	for row := 1; row <= rows; row++ {
		c.grid.put(row, column, '╎')
	}
}

// range85 draws the days by which half, and most, of the runs were done.
func (c *canvas) range85() {
	f := c.s.Forecast
	if f == nil || f.P50 == "" || f.P50 > c.axis.last {
		return
	}
	from := c.axis.column(f.P50)
	c.grid.put(0, from, '├')
	const half, most = "50 %", "85 %"
	if f.P85 == "" || f.P85 > c.axis.last {
		for column := from + 1; column < c.axis.columns; column++ {
			c.grid.put(0, column, '─')
		}
		c.grid.text(1, min(from, len(c.grid[0])-len(half)), half)
		return
	}
	to := max(c.axis.column(f.P85), from+1)
	for column := from + 1; column < to; column++ {
		c.grid.put(0, column, '─')
	}
	c.grid.put(0, to, '┤')
	end := min(max(to-3, from+len(half)+1), len(c.grid[0])-len(most))
	c.grid.text(1, end, most)
	c.grid.text(1, min(from, end-len(half)-1), half)
}

func (c *canvas) write(w io.Writer, title, legend string) error {
	s := c.s
	style := checklist.Style{Width: c.o.Width, Color: !c.o.Plain}
	var b strings.Builder
	id := fmt.Sprintf("%s@%d", s.Name, s.Seq)
	head := fmt.Sprintf("%s%s, by %s", title, inUnit(s.Unit), c.axis.by())
	if !c.o.Markdown {
		fmt.Fprintln(&b, style.Bold(checklist.Pad(head, max(style.Edge()-len(id)-2, 8))+"  "+id))
	}
	margin := c.margin() - 2
	for row := rows; row >= 0; row-- {
		label := ""
		tick := '│'
		for v := 0; v <= c.scale.top; v += c.scale.step {
			if c.scale.row(float64(v)) == row {
				label, tick = fmt.Sprint(v), '┤'
			}
		}
		line := strings.TrimRight(string(c.cells(row)), " ")
		fmt.Fprintf(&b, "%*s %c%s\n", margin, label, tick, line)
	}
	fmt.Fprintf(&b, "%*s └%s\n", margin, "", strings.Repeat("─", c.axis.columns))
	fmt.Fprintf(&b, "%*s  %s\n", margin, "", strings.TrimRight(c.months(), " "))
	fmt.Fprintf(&b, "%*s  %s\n", margin, "", c.mark())
	row := ""
	for _, sign := range strings.Split(legend, "   ") {
		if row != "" && checklist.Width(row)+3+checklist.Width(sign) > style.Edge() {
			fmt.Fprintln(&b, row)
			row = ""
		}
		row = strings.TrimPrefix(row+"   "+sign, "   ")
	}
	fmt.Fprintln(&b, row)
	if c.o.Markdown {
		p := newPage(s, head)
		p.fence(b.String())
		p.list(Words(s, c.o.More))
		return p.to(w)
	}
	fmt.Fprintln(&b)
	for _, line := range Words(s, c.o.More) {
		for _, part := range wrap(line, style.Edge()) {
			fmt.Fprintln(&b, part)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// inUnit says what is counted, where that is no tasks: " in days".
func inUnit(u burndown.Unit) string {
	if u.Tasks() {
		return ""
	}
	return " in " + u.Name
}

func (c *canvas) cells(row int) []rune {
	out := make([]rune, len(c.grid[row]))
	for i, r := range c.grid[row] {
		if out[i] = r; r == 0 {
			out[i] = ' '
		}
	}
	return out
}

// months writes the names of the months where they begin; of few days, their
// dates.
func (c *canvas) months() string {
	line := []rune(strings.Repeat(" ", c.axis.columns+8))
	free := 0
	write := func(column int, s string) {
		if column >= free && column+len(s) <= len(line) {
			copy(line[column:], []rune(s))
			free = column + len(s) + 1
		}
	}
	span := days(c.axis.first, c.axis.last)
	for i := range span + 1 {
		d := add(c.axis.first, i)
		if month := add(d[:8]+"28", 4)[:8] + "01"; i == 0 && span > 45 && span <= 900 && c.axis.begin(month) < 4 {
			continue // the end of a month, in whose place the next has its name
		}
		switch {
		case span <= 45 && (i == 0 || c.axis.begin(d) >= free+1):
			write(c.axis.begin(d), string(d[5:]))
		case span > 45 && span <= 900 && (i == 0 || strings.HasSuffix(string(d), "-01")):
			write(c.axis.begin(d), d.In(time.UTC).Format("Jan"))
		case span > 900 && (i == 0 || strings.HasSuffix(string(d), "-01-01")):
			write(c.axis.begin(d), string(d[:4]))
		}
	}
	return string(line)
}

// mark points at the last day.
func (c *canvas) mark() string {
	last := c.s.Days[len(c.s.Days)-1]
	text := string(last.Date)
	if c.s.Open {
		text = "today, not over yet"
	}
	if c.today+len(text)+3 > c.o.Width-c.margin() {
		return strings.Repeat(" ", max(c.today-len(text)-1, 0)) + text + " ▲"
	}
	return strings.Repeat(" ", c.today) + "▲ " + text
}
