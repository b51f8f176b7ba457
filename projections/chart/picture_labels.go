package chart

import "image/color"

// place writes one of several labels: the one that lies on least. The first ones
// are better where they lie on as much as others. It returns where it lies.
func (l *layout) place(candidates ...label) box {
	best, least := -1, 0.0
	for i, c := range candidates {
		cost := l.cost(l.extent(c)) + float64(i)*0.01
		if best < 0 || cost < least {
			best, least = i, cost
		}
	}
	if best < 0 {
		return box{}
	}
	c := candidates[best]
	b := l.extent(c)
	l.plates = append(l.plates, &area{points: b.corners(), color: faint(l.ground(b), 85)})
	l.labels = append(l.labels, b)
	l.write(c)
	return b
}

// ground returns the colour on which b lies: the page, or the area below the work.
func (l *layout) ground(b box) color.NRGBA {
	if len(l.filled) == 0 || b.right > l.filled[len(l.filled)-1].x {
		return l.theme.page
	}
	for i := 1; i < len(l.filled); i++ {
		p, q := l.filled[i-1], l.filled[i]
		if p.x < b.right && q.x > b.left && max(p.y, q.y) > b.top {
			return l.theme.page
		}
	}
	return over(l.theme.page, faint(l.theme.strong, workTint))
}

// extent returns the box around a label.
func (l *layout) extent(c label) box {
	w := l.faces.width(c.text, c.size, c.bold)
	left := c.at.x
	switch c.anchor {
	case middle:
		left -= w / 2
	case end:
		left -= w
	}
	return box{left, c.at.y - c.size*0.95, left + w, c.at.y + c.size*0.3}
}

// cost says how bad it is for text to stand in b.
func (l *layout) cost(b box) float64 {
	sum := 0.0
	inside := box{l.room.left, l.room.top, l.room.right + l.em*0.3, l.plot.bottom}
	sum += 100 * (b.width()*b.height() - b.common(inside))
	for _, o := range l.labels {
		sum += 10 * b.common(o.grown(l.em*0.15))
	}
	for _, o := range l.marks {
		sum += b.common(o)
	}
	return sum
}

// mark notes that a line is drawn, so that no label is put on it.
func (l *layout) mark(points []point, width float64) {
	half := max(width/2, l.em*0.2)
	for i := 1; i < len(points); i++ {
		a, b := points[i-1], points[i]
		l.marks = append(l.marks, box{min(a.x, b.x), min(a.y, b.y), max(a.x, b.x), max(a.y, b.y)}.grown(half))
	}
}
