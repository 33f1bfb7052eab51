package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azblobs"
	"github.com/trefoil-tre/trefoil/internal/azlink"
	"github.com/trefoil-tre/trefoil/internal/inspect"
	"github.com/trefoil-tre/trefoil/internal/local/azurite"
	"github.com/trefoil-tre/trefoil/internal/transfer"
)

// uploadBytes is above the 256 MiB up to which azblob sends a file in one
// request: both send blocks.
// https://pkg.go.dev/github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob#pkg-constants
const uploadBytes = 320 << 20

// silent is progress that nobody sees.
type silent struct{}

func (silent) Start(int, int64)                  {}
func (silent) Say(string)                        {}
func (silent) File(string, int64) transfer.Meter { return silent{} }
func (silent) Moved(int64)                       {}
func (silent) Skipped(int64)                     {}
func (silent) End(bool)                          {}

// uploading is an upload as `tre airlock upload` does it, with SHA-256, journal
// and progress, against azblob's own UploadFile of the same file.
func uploading(ctx context.Context, e azurite.Endpoints) (lines []line, err error) {
	accounts, err := azblobs.New(azblobs.Config{AirlockConnection: e.ConnectionString("airlock"), Now: time.Now})
	if err != nil {
		return nil, err
	}
	key := airlock.Key{Workspace: uuid.NewString(), Request: uuid.NewString()}
	place := airlock.Place{Account: airlock.AirlockAccount, Container: airlock.Container{Kind: airlock.DraftFiles, Key: key, Number: 1}.String()}
	box, err := accounts.Container(place)
	if err != nil {
		return nil, err
	}
	if _, err := box.Create(ctx, nil); err != nil {
		return nil, err
	}
	defer func() {
		_, gone := box.Delete(ctx, nil)
		err = joined(err, gone)
	}()
	folder, err := os.MkdirTemp("", "trefoil-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = joined(err, os.RemoveAll(folder)) }()
	path := filepath.Join(folder, "large.bin")
	if err := os.WriteFile(path, make([]byte, uploadBytes), 0o600); err != nil {
		return nil, err
	}
	links := &transfer.Links{Now: time.Now, Ask: func(ctx context.Context) (string, error) {
		return accounts.Sign(ctx, azblobs.Grant{Place: place, Permissions: "cwl", Until: time.Now().Add(time.Hour)})
	}}
	plain := func() error {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		_, err = box.NewBlockBlobClient("plain.bin").UploadFile(ctx, file, nil)
		return joined(err, file.Close())
	}
	return uploadLine(plain, func() error { return carry(ctx, path, folder, links) })
}

// carry uploads a file as the command does.
func carry(ctx context.Context, path, folder string, links *transfer.Links) error {
	plan, err := transfer.Make([]string{path}, false)
	if err != nil {
		return err
	}
	journal, err := transfer.OpenJournal(filepath.Join(folder, "journal"), path, time.Now())
	if err != nil {
		return err
	}
	u := transfer.Uploader{Drop: azlink.New(azlink.Config{}), Links: links, Journal: journal, Progress: silent{}, Type: inspect.Declare}
	sent, err := u.Upload(ctx, plan)
	if err == nil && (len(sent) != 1 || sent[0].SHA256 == "") {
		err = errors.New("upload is not complete")
	}
	return joined(err, journal.Remove())
}

// uploadLine measures both by turns, so that a slow moment hits both.
func uploadLine(plain, ours func() error) ([]line, error) {
	speeds := [2][]float64{}
	for range 3 {
		for i, upload := range []func() error{plain, ours} {
			from := time.Now()
			if err := upload(); err != nil {
				return nil, err
			}
			speeds[i] = append(speeds[i], uploadBytes/1e6/time.Since(from).Seconds())
		}
	}
	floor, mine := slices.Sorted(slices.Values(speeds[0]))[1], slices.Sorted(slices.Values(speeds[1]))[1]
	return []line{{what: "upload", figure: fmt.Sprintf("%.0f MB/s", mine), floor: fmt.Sprintf("%.0f MB/s", floor), value: mine / floor, goal: 0.9, least: true,
		means: "320 MiB through a draft link into Azurite with SHA-256, journal and progress, against azblob's UploadFile of the same file; medians of three by turns"}}, nil
}
