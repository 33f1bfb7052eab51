package cli

import (
	"strings"

	"github.com/trefoil-tre/trefoil/internal/console"
)

// Column is one column of a table.
type Column struct {
	Name string
	Grow bool // takes what room is left, and is cut when there is little
	Most int  // columns of the terminal at most; 0 means as needed
}

// Table is a list for people: on a terminal in columns that fit it, elsewhere
// tab-separated, whole, and without names of columns, for programs such as cut.
type Table struct {
	Columns []Column
	Empty   string // said instead of an empty table, on a terminal
	rows    [][]Cell
}

// Cell is what stands in a table.
type Cell struct {
	Text  string        // for people
	Whole string        // where not a person reads; "" means Text
	Style console.Style // "" for none
}

// Row adds a row of one cell a column.
func (t *Table) Row(cells ...Cell) { t.rows = append(t.rows, cells) }

// Len is how many rows there are.
func (t *Table) Len() int { return len(t.rows) }

// Cells makes plain cells of texts.
func Cells(texts ...string) []Cell {
	var all []Cell
	for _, text := range texts {
		all = append(all, Cell{Text: text})
	}
	return all
}

// Draw writes the table to the result.
func (c *Context) Draw(t *Table) {
	if !c.Terminal.Out {
		for _, row := range t.rows {
			var texts []string
			for _, cell := range row {
				texts = append(texts, oneLine(orElse(cell.Whole, cell.Text)))
			}
			c.Page.Line("%s", strings.Join(texts, "\t"))
		}
		return
	}
	if len(t.rows) == 0 {
		c.Screen.Line("%s", t.Empty)
		return
	}
	widths := t.widths(c.Page.Columns())
	names := make([]Cell, len(t.Columns))
	for i, column := range t.Columns {
		names[i] = Cell{Text: strings.ToUpper(column.Name), Style: console.Dim}
	}
	for _, row := range append([][]Cell{names}, t.rows...) {
		c.Page.Line("%s", line(c.Page, row, widths))
	}
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// oneLine is text without what would break a row: what steers a terminal, tabs
// and ends of lines.
func oneLine(text string) string {
	return console.Clean(strings.Join(strings.Fields(text), " "))
}

// gap stands between columns.
const gap = 2

// line is one row, padded but for its last cell.
func line(s *console.Screen, row []Cell, widths []int) string {
	var b strings.Builder
	for i, cell := range row {
		text := console.Cut(oneLine(cell.Text), widths[i])
		b.WriteString(s.Paint(cell.Style, text))
		if i < len(row)-1 {
			b.WriteString(strings.Repeat(" ", widths[i]-console.Width(text)+gap))
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// least is how narrow a column that grows may become.
const least = 8

// widths gives every column what it needs, and takes it from those that grow
// when there is not enough.
func (t *Table) widths(columns int) []int {
	all := make([]int, len(t.Columns))
	over := gap*(len(all)-1) - columns
	for i, column := range t.Columns {
		all[i] = console.Width(column.Name)
		for _, row := range t.rows {
			all[i] = max(all[i], console.Width(oneLine(row[i].Text)))
		}
		if column.Most > 0 {
			all[i] = min(all[i], max(column.Most, console.Width(column.Name)))
		}
		over += all[i]
	}
	for over > 0 {
		widest := -1
		for i, column := range t.Columns {
			if column.Grow && all[i] > least && (widest < 0 || all[i] > all[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return all // too narrow a terminal: it wraps
		}
		all[widest]--
		over--
	}
	return all
}
