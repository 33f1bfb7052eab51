package transfers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/console"
	"github.com/trefoil-tre/trefoil/internal/inspect"
	"github.com/trefoil-tre/trefoil/internal/transfer"
)

// inspectionTime is how long an upload waits for inspection: files of Defender's
// 50 GiB take minutes each, and other people's are before them.
const inspectionTime = time.Hour

// Upload is the command that puts files into a draft.
func Upload(c *cli.Context) *cobra.Command {
	var o options
	var follow, noWait bool
	var wait time.Duration
	cmd := &cobra.Command{
		Use:   "upload PATH... --request REQUEST",
		Short: "Put files and folders into a draft",
		Long: "Puts files and folders into a draft, and waits until inspection has recorded each: its SHA-256 has to be that of the\n" +
			"file here. A folder goes with its name (with /. at its end, without), all files in it too, hidden ones included; names\n" +
			"are kept byte for byte. Names that the airlock would refuse are all listed before anything is sent.\n\n" +
			"After an interruption, run the same command again: it goes on where it stopped. A file that is there already with\n" +
			"the same content is not sent again; one with other content is replaced. A link that ends meanwhile is renewed.",
		Example: "  tre airlock upload results/ --request 4f2a\n" +
			"  tre airlock upload model.bin notes.md --request \"Model weights\" --workspace heart\n" +
			"  tre airlock upload results/. --request 4f2a --no-wait --parallel 16",
		Args: cli.Args(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			plan, err := transfer.Make(args, follow)
			if err != nil {
				return &cli.Error{Code: cli.Usage, Err: err}
			}
			j, err := begin(cmd.Context(), c, o, "sent")
			if err != nil {
				return err
			}
			if !o.quiet {
				for _, left := range plan.Left {
					c.Screen.Line("left out: %s", left)
				}
			}
			return j.upload(cmd.Context(), plan, noWait, wait)
		},
	}
	o.flags(c, cmd)
	cmd.Flags().BoolVar(&follow, "follow-links", false, "take what symbolic links below a folder lead to; else they are left out, and said so")
	cmd.Flags().BoolVar(&noWait, "no-wait", false, "do not wait for inspection")
	cmd.Flags().DurationVar(&wait, "wait-timeout", inspectionTime, "how long to wait for inspection; 0 means without end")
	return cmd
}

func (j *job) upload(ctx context.Context, plan transfer.Plan, noWait bool, wait time.Duration) error {
	there, err := j.draft(ctx)
	if err != nil {
		return err
	}
	journal, err := j.journal(ctx, "upload")
	if err != nil {
		return err
	}
	u := transfer.Uploader{Drop: j.box, Links: j.link, Journal: journal, Progress: j.show, Pace: j.pace,
		There: transfer.ByName(there), Type: inspect.Declare}
	sent, err := u.Upload(ctx, plan)
	if err != nil {
		return errors.Join(j.ended(err), journal.Close())
	}
	j.show.Stop()
	found, err := j.inspected(ctx, sent, noWait, wait)
	if err != nil {
		return errors.Join(err, journal.Close())
	}
	end := journal.Remove
	if noWait {
		end = journal.Close // so that the same command without --no-wait need not send anything again
	}
	if err := end(); err != nil {
		return err
	}
	return j.report(sent, found)
}

// draft is what the draft holds. Only into a draft can files be put.
func (j *job) draft(ctx context.Context) ([]api.File, error) {
	r, err := j.request(ctx)
	if err != nil {
		return nil, err
	}
	if r.Request.Status != airlock.StatusDraft {
		return nil, &cli.Error{Code: cli.Conflict, Err: fmt.Errorf("the request is %s: files can only be put into a draft", r.Request.Status),
			Hint: "make a new one with `tre airlock new`, or have the reviewer return this one"}
	}
	return j.files(ctx)
}

// inspected waits for inspection, unless nobody wants to.
func (j *job) inspected(ctx context.Context, sent []transfer.Sent, noWait bool, wait time.Duration) ([]api.File, error) {
	if noWait {
		return nil, nil
	}
	ctx, cancel := within(ctx, wait)
	defer cancel()
	found, err := transfer.Inspected(ctx, j.files, sent, func(recorded int) {
		if !j.o.quiet {
			j.c.Screen.Line("inspection has recorded %d of %d files", recorded, len(sent))
		}
	})
	switch {
	case errors.Is(err, context.Canceled):
		j.c.Screen.Line("%s", "stopped waiting; all files are there, and inspection goes on")
		return nil, context.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return nil, &cli.Error{Code: cli.Failed, Err: err, Hint: "all files are there, and inspection goes on: see `tre airlock files`"}
	case err != nil:
		return nil, j.ended(err)
	}
	return found, nil
}

// uploaded is one file of the result.
type uploaded struct {
	Name     string               `json:"name"`
	Size     int64                `json:"size"`
	SHA256   string               `json:"sha256"`
	Already  bool                 `json:"already"`
	Verdict  airlock.VerdictClass `json:"verdict"`
	Refused  bool                 `json:"refused"`
	Findings []airlock.Finding    `json:"findings"`
}

// report writes the result. Refused files are an error: the request cannot be
// submitted with them.
func (j *job) report(sent []transfer.Sent, found []api.File) error {
	result := struct {
		Files []uploaded `json:"files"`
		Moved int64      `json:"bytesSent"`
	}{Moved: j.show.Moved()}
	refused := 0
	for i, s := range sent {
		f := uploaded{Name: s.Name, Size: s.Size, SHA256: s.SHA256, Already: s.Already, Findings: []airlock.Finding{}}
		if found != nil {
			f.Verdict, f.Refused = found[i].Verdict, found[i].Refused
			f.Findings = append(f.Findings, found[i].Findings...)
		}
		if f.Refused {
			refused++
		}
		result.Files = append(result.Files, f)
	}
	if !j.o.quiet {
		j.c.Screen.Line("%s", j.show.Summary())
	}
	if err := j.c.ShowValue(result, func(*console.Screen) { j.draw(result.Files) }); err != nil {
		return err
	}
	if refused > 0 {
		return &cli.Error{Code: cli.Failed, Err: fmt.Errorf("%d of the files cannot be submitted", refused), Hint: "remove them from the draft, or upload them mended"}
	}
	return nil
}

// draw shows people the files about which there is something to say.
func (j *job) draw(files []uploaded) {
	table := cli.Table{Columns: []cli.Column{{Name: "file", Grow: true}, {Name: "size"}, {Name: "scan"}, {Name: "finding", Grow: true}},
		Empty: "no findings"}
	for _, f := range files {
		style := console.Style("")
		if f.Refused {
			style = console.Red
		}
		for _, finding := range f.Findings {
			table.Row(cli.Cell{Text: f.Name, Style: style}, cli.Cell{Text: console.Size(f.Size)}, cli.Cell{Text: string(f.Verdict)}, cli.Cell{Text: finding.Text})
		}
		if bad := f.Verdict != "" && f.Verdict != airlock.Clean; len(f.Findings) == 0 && (f.Refused || bad) {
			table.Row(cli.Cell{Text: f.Name, Style: style}, cli.Cell{Text: console.Size(f.Size)}, cli.Cell{Text: string(f.Verdict)}, cli.Cell{})
		}
	}
	j.c.Draw(&table)
}
