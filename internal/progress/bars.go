package progress

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/trefoil-tre/trefoil/internal/console"
	"github.com/trefoil-tre/trefoil/internal/transfer"
)

const (
	// maxBars is how many files are shown at once, above the line about all.
	maxBars = 5
	// barFrom is the least size of a file that is shown: smaller ones are gone
	// before anybody could read their name.
	barFrom = 4 * transfer.DefaultBlock
	// redraw is slow enough to read.
	redraw = 200 * time.Millisecond
	// nameColumns of a file, of 80.
	nameColumns = 30
)

// bars draws a transfer on a terminal.
type bars struct {
	all   *mpb.Progress
	total *mpb.Bar
	stats *stats

	mu    sync.Mutex
	shown int
}

func newBars(screen *console.Screen, s *stats) *bars {
	b := &bars{stats: s, all: mpb.New(mpb.WithOutput(screen.Out), mpb.WithWidth(screen.Columns()), mpb.WithRefreshRate(redraw), mpb.WithAutoRefresh())}
	b.total = b.all.New(s.total, style(),
		mpb.BarPriority(1<<20), // below the files
		mpb.PrependDecorators(decor.Any(func(decor.Statistics) string { return s.counts() + " " })),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return " " + s.pace() })))
	return b
}

func style() mpb.BarFillerBuilder {
	return mpb.BarStyle().Lbound("[").Filler("=").Tip(">").Padding(" ").Rbound("]")
}

func (b *bars) moved() { b.total.SetCurrent(min(b.stats.bytes(), max(b.stats.total-1, 0))) }

func (b *bars) say(text string) { _, _ = b.all.Write([]byte(text + "\n")) } // nobody is left to tell

// end stops drawing; what was drawn stays.
func (b *bars) end() {
	b.total.Abort(true)
	b.all.Wait()
}

// fileBar is the bar of one file.
type fileBar struct {
	bars *bars
	bar  *mpb.Bar
	over atomic.Bool
}

// file draws a bar for a large file if there is room; nil else.
func (b *bars) file(name string, size int64) *fileBar {
	b.mu.Lock()
	defer b.mu.Unlock()
	if size < barFrom || b.shown == maxBars {
		return nil
	}
	b.shown++
	bar := b.all.New(size, style(), mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name(console.Fit(console.Clean(name), nameColumns)+" ")),
		mpb.AppendDecorators(decor.Any(func(st decor.Statistics) string {
			return " " + percent(st.Current, size) + " of " + console.Size(size)
		})))
	return &fileBar{bars: b, bar: bar}
}

func (f *fileBar) at(bytes int64) {
	if !f.over.Load() {
		f.bar.SetCurrent(max(bytes, 0))
	}
}

func (f *fileBar) end() {
	if f.over.Swap(true) {
		return
	}
	f.bar.Abort(true)
	f.bars.mu.Lock()
	defer f.bars.mu.Unlock()
	f.bars.shown--
}

func percent(part, whole int64) string {
	return fmt.Sprintf("%3d%%", min(max(100*part/max(whole, 1), 0), 100))
}
