package transfers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/console"
	"github.com/trefoil-tre/trefoil/internal/follow"
)

// Outcomes says with which code `tre watch` ends for each end of a request.
var Outcomes = []struct {
	Code   cli.Code
	Status airlock.Status
}{
	{cli.Done, airlock.StatusApproved}, {cli.Rejected, airlock.StatusRejected}, {cli.Blocked, airlock.StatusBlockedByScan},
	{cli.Cancelled, airlock.StatusCancelled}, {cli.Broken, airlock.StatusFailed}, {cli.Revoked, airlock.StatusRevoked},
}

// leastInterval keeps one person below what the API lets one person call.
const leastInterval = 500 * time.Millisecond

// Watch is the command that follows a request.
func Watch(c *cli.Context) *cobra.Command {
	w := watching{c: c}
	cmd := &cobra.Command{
		Use:   "watch [REQUEST|OPERATION]",
		Short: "Follow a request until it is decided, or an operation to its end",
		Long: "Follows a request until it is at its end, or has come to one of the statuses given with --until. On a terminal it is\n" +
			"drawn in place, elsewhere each change is a line. Without a request: the one of yours that changed last and is not\n" +
			"at its end, in the workspace in use if there is one.\n\nIt ends with 0 when the request is approved, or has come to a status given with --until; else with " + outcomes() + ".\n\n" +
			"An operation, see `tre operations`, is followed step by step. It ends with 0 when the operation succeeded, with " + fmt.Sprintf("%d", cli.Broken) + " when it\nfailed, with " +
			fmt.Sprintf("%d", cli.Cancelled) + " when somebody stopped it.",
		Example: "  tre watch 4f2a\n  tre watch 4f2a --until in_review && echo \"the reviewers have it\"",
		Args:    cli.Args(cobra.MaximumNArgs(1)),
		RunE:    w.run,
	}
	f := cmd.Flags()
	f.StringVarP(&w.workspace, "workspace", "w", "", "workspace, by id or name (default the one in use)")
	f.StringSliceVar(&w.until, "until", nil, "status to wait for; may be given again")
	f.DurationVar(&w.interval, "interval", 2*time.Second, "between two looks; longer while it waits for a person")
	f.DurationVar(&w.timeout, "timeout", 0, "end after so long; 0 means never")
	_ = cmd.RegisterFlagCompletionFunc("workspace", c.CompleteWorkspace()) // these fail only for unknown flags
	_ = cmd.RegisterFlagCompletionFunc("until", cobra.FixedCompletions(statuses(), cobra.ShellCompDirectiveNoFileComp))
	cmd.ValidArgsFunction = c.CompleteRequest()
	return cmd
}

func outcomes() string {
	var texts []string
	for _, o := range Outcomes[1:] {
		texts = append(texts, fmt.Sprintf("%d (%s)", o.Code, o.Status))
	}
	return strings.Join(append(texts, fmt.Sprintf("%d when --timeout is over", cli.TimeIsUp)), ", ")
}

func statuses() (all []string) {
	for _, s := range airlock.Statuses {
		all = append(all, string(s))
	}
	return all
}

type watching struct {
	c                 *cli.Context
	workspace         string
	until             []string
	interval, timeout time.Duration
	drawn             int // lines that are on the terminal
}

func (w *watching) run(cmd *cobra.Command, args []string) error {
	for _, status := range w.until {
		if !slices.Contains(statuses(), status) {
			return cli.Misused("--until: %q is none of %s", status, strings.Join(statuses(), ", "))
		}
	}
	if w.interval < leastInterval {
		return cli.Misused("--interval: at least %s", leastInterval)
	}
	ctx, cancel := within(cmd.Context(), w.timeout)
	defer cancel()
	caller, err := w.c.API(ctx)
	if err != nil {
		return err
	}
	if len(args) > 0 {
		if path, err := w.operation(ctx, caller, args[0]); err != nil || path != "" {
			return w.follow(cmd.Context(), caller, path, err)
		}
	}
	key, err := w.key(ctx, args)
	if err != nil {
		return err
	}
	j := &job{c: w.c, caller: caller, key: key}
	var until []airlock.Status
	for _, s := range w.until {
		until = append(until, airlock.Status(s))
	}
	f := follow.Follower{Get: j.request, Files: j.files, Now: w.c.Now, Interval: w.interval}
	last, err := f.Until(ctx, until, w.tell)
	if errors.Is(err, context.DeadlineExceeded) && cmd.Context().Err() == nil && ctx.Err() != nil {
		w.c.Screen.Line("after %s it is still %s: it %s", w.timeout, last.Request.Status, last.Request.WaitsFor)
		return cli.Exit(cli.TimeIsUp)
	}
	if err != nil {
		return err
	}
	if !w.c.Plain() {
		err = w.c.ShowValue(last.Request, nil)
	}
	if code := outcome(last.Request.Status, until); err == nil && code != cli.Done {
		return cli.Exit(code)
	}
	return err
}

// outcome is what to end with.
func outcome(s airlock.Status, until []airlock.Status) cli.Code {
	if slices.Contains(until, s) {
		return cli.Done
	}
	for _, o := range Outcomes {
		if o.Status == s && (s != airlock.StatusApproved || len(until) == 0) {
			return o.Code
		}
	}
	return cli.Failed // approved, though something else was waited for
}

// key is the request that is named, else the caller's that changed last.
func (w *watching) key(ctx context.Context, args []string) (airlock.Key, error) {
	if len(args) > 0 {
		return w.c.Request(ctx, w.workspace, args[0])
	}
	conn, err := w.c.Connect(ctx)
	if err != nil {
		return airlock.Key{}, err
	}
	all, err := cli.Mine(ctx, w.c.Client(conn))
	if err != nil {
		return airlock.Key{}, err
	}
	in := ""
	if w.workspace != "" || conn.Workspace != "" {
		if in, err = w.c.Workspace(ctx, w.workspace); err != nil {
			return airlock.Key{}, err
		}
	}
	all = slices.DeleteFunc(all, func(r api.Request) bool { return follow.Ended(r.Status) || in != "" && r.WorkspaceID != in })
	if len(all) == 0 {
		return airlock.Key{}, &cli.Error{Code: cli.NotAllowed, Err: errors.New("you have no request that is under way"), Hint: "`tre requests` lists all of them"}
	}
	newest := slices.MaxFunc(all, func(a, b api.Request) int { return int(1e6 * (a.UpdatedWhen - b.UpdatedWhen)) })
	return airlock.Key{Workspace: newest.WorkspaceID, Request: newest.ID}, nil
}

// tell shows what is seen: in place on a terminal, else as a line.
func (w *watching) tell(s follow.Seen) {
	lines := w.lines(s)
	screen := w.c.Screen
	switch {
	case !screen.Live:
		w.line(lines[1:])
		return
	case w.drawn > 0:
		screen.Line("\x1b[%dA\x1b[J%s", w.drawn+1, lines[0])
	default:
		screen.Line("%s", lines[0])
	}
	for _, line := range lines[1:] {
		screen.Line("%s", line)
	}
	w.drawn = len(lines) - 1
}

// line writes a change as one line: to the result where a person reads that.
func (w *watching) line(texts []string) {
	text := w.c.Now().In(w.c.Zone).Format("15:04:05") + "  " + strings.Join(texts, "; ")
	if w.c.Plain() {
		w.c.Page.Line("%s", text)
		return
	}
	w.c.Screen.Line("%s", text)
}

// lines are what there is to say: title, status, what it waits for, files, and
// what was said about it.
func (w *watching) lines(s follow.Seen) []string {
	r, screen := s.Request, w.c.Screen
	status := string(r.Status)
	if r.Step != "" {
		status += " (" + r.Step + ")"
	}
	texts := []string{status}
	if r.WaitsFor != "" {
		texts = append(texts, "it "+r.WaitsFor)
	}
	if r.Deadline != nil {
		texts = append(texts, "until "+time.UnixMicro(int64(*r.Deadline*1e6)).In(w.c.Zone).Format("2006-01-02 15:04"))
	}
	if s.Counted {
		texts = append(texts, filesText(s))
	}
	if r.StatusMessage != nil && *r.StatusMessage != "" {
		texts = append(texts, *r.StatusMessage)
	}
	lines := []string{screen.Paint(console.Bold, console.Cut(console.Clean(r.Title), screen.Columns()))}
	for i, text := range texts {
		text = console.Clean(text)
		if screen.Live {
			text = "  " + console.Cut(text, screen.Columns()-2)
		}
		if i == 0 {
			text = screen.Paint(colour(r.Status), text)
		}
		lines = append(lines, text)
	}
	return lines
}

func filesText(s follow.Seen) string {
	text := fmt.Sprintf("%d files: %d inspected, %d scanned", s.Files, s.Inspected, s.Scanned)
	if s.Refused > 0 {
		text += fmt.Sprintf(", %d cannot be submitted", s.Refused)
	}
	return text
}

func colour(s airlock.Status) console.Style {
	switch {
	case s == airlock.StatusApproved:
		return console.Green
	case follow.Ended(s):
		return console.Red
	}
	return console.Cyan
}
