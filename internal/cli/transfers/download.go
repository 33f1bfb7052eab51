package transfers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/console"
	"github.com/trefoil-tre/trefoil/internal/transfer"
)

// Download is the command that fetches a request's files.
func Download(c *cli.Context) *cobra.Command {
	var o options
	var force bool
	cmd := &cobra.Command{
		Use:   "download [FOLDER] --request REQUEST",
		Short: "Fetch a request's files: released ones, or for a reviewer the sealed ones",
		Long: "Fetches a request's files into a folder (default: the one you are in): the released files of an approved request, and\n" +
			"for a reviewer the sealed files under review. Folders and names are kept; names that this machine cannot have are\n" +
			"written with %XX, and said so. A file gets its name when its SHA-256 is the manifest's, until then it ends in .part.\n\n" +
			"Files that are here with the same content are not fetched again; others are never overwritten without --force.\n" +
			"After an interruption, run the same command again: it goes on where it stopped.",
		Example: "  tre airlock download --request 4f2a results\n  tre airlock download --request \"Model weights\" --workspace heart",
		Args:    cli.Args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			folder := "."
			if len(args) > 0 {
				folder = args[0]
			}
			j, err := begin(cmd.Context(), c, o, "fetched")
			if err != nil {
				return err
			}
			return j.download(cmd.Context(), folder, force)
		},
	}
	o.flags(c, cmd)
	cmd.Flags().BoolVar(&force, "force", false, "replace files that are here with other content")
	return cmd
}

func (j *job) download(ctx context.Context, folder string, force bool) error {
	wanted, err := j.wanted(ctx)
	if err != nil {
		return err
	}
	absolute, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	journal, err := j.journal(ctx, absolute)
	if err != nil {
		return err
	}
	root, err := openFolder(folder)
	if err != nil {
		return errors.Join(err, journal.Close())
	}
	defer func() { _ = root.Close() }() // nothing is written through it
	d := transfer.Downloader{Shelf: j.box, Links: j.link, Journal: journal, Progress: j.show, Folder: root, Pace: j.pace, Force: force}
	got, err := d.Download(ctx, wanted)
	if err != nil {
		return errors.Join(j.ended(err), journal.Close())
	}
	j.show.Stop()
	if err := journal.Remove(); err != nil {
		return err
	}
	return j.reportGot(got)
}

// openFolder opens a folder, made if need be, out of which nothing leads.
func openFolder(folder string) (*os.Root, error) {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return nil, err
	}
	return os.OpenRoot(folder)
}

// wanted are the request's files, where its status lets them be read.
func (j *job) wanted(ctx context.Context) ([]transfer.Wanted, error) {
	r, err := j.request(ctx)
	if err != nil {
		return nil, err
	}
	if r.Request.Status == airlock.StatusDraft {
		return nil, &cli.Error{Code: cli.Conflict, Err: errors.New("the request is a draft: files go into it, and nothing can be read back"),
			Hint: "`tre airlock files` lists what it holds"}
	}
	files, err := j.files(ctx)
	if err != nil {
		return nil, err
	}
	wanted, err := transfer.ThisSystem.Want(files)
	if err != nil {
		return nil, &cli.Error{Code: cli.Failed, Err: err}
	}
	for _, w := range wanted {
		if w.Local != w.Name && !j.o.quiet {
			j.c.Screen.Line("%s is kept as %s: this machine does not take its name", console.Clean(w.Name), w.Local)
		}
	}
	return wanted, nil
}

// downloaded is one file of the result.
type downloaded struct {
	Name     string `json:"name"`
	Path     string `json:"path"`
	Size     int64  `json:"size"`
	SHA256   string `json:"sha256"`
	Already  bool   `json:"already"`
	Verified bool   `json:"verified"` // against the manifest's SHA-256; else by size alone
}

func (j *job) reportGot(got []transfer.Got) error {
	result := struct {
		Files []downloaded `json:"files"`
		Moved int64        `json:"bytesFetched"`
	}{Files: []downloaded{}, Moved: j.show.Moved()}
	bySize := 0
	for _, g := range got {
		result.Files = append(result.Files, downloaded{Name: g.Name, Path: g.Local, Size: g.Size, SHA256: g.SHA256, Already: g.Already, Verified: g.SHA256 != ""})
		if g.SHA256 == "" {
			bySize++
		}
	}
	if !j.o.quiet {
		j.c.Screen.Line("%s", j.show.Summary())
		if bySize > 0 {
			j.c.Screen.Line("%s", fmt.Sprintf("of %d files the manifest has no SHA-256: their sizes alone were compared", bySize))
		}
	}
	return j.c.ShowValue(result, func(*console.Screen) {})
}
