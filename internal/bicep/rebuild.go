package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// rebuild rebuilds a copy of the folder of packages, and tells which of its files are other than the folder's. It puts
// them there unless it only checks. A file of the folder that nothing makes any more is left to people, but told.
func rebuild(ctx context.Context, c compiler, root string, check bool) (changed []string, err error) {
	work, err := os.MkdirTemp("", "templates-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	if err := os.CopyFS(work, sources{os.DirFS(root)}); err != nil {
		return nil, fmt.Errorf("copy of %s: %w", root, err)
	}
	if err := c.format(ctx, work); err != nil {
		return nil, err
	}
	if err := packages(ctx, c, work); err != nil {
		return nil, err
	}
	changed, err = compare(work, root)
	if err != nil || check {
		return changed, err
	}
	for _, file := range changed {
		if err := put(filepath.Join(work, file), filepath.Join(root, file)); err != nil {
			return nil, err
		}
	}
	return changed, nil
}

// sources is a folder of packages without what is made from its sources.
type sources struct{ fs.FS }

// ReadDir leaves out compiled templates, parameters and snapshots.
func (s sources) ReadDir(name string) ([]fs.DirEntry, error) {
	all, err := fs.ReadDir(s.FS, name)
	return slices.DeleteFunc(all, func(e fs.DirEntry) bool { return made(e.Name()) }), err
}

// made tells the names of files that this command makes.
func made(name string) bool {
	return name == "main.json" || strings.HasSuffix(name, ".parameters.json") || strings.HasSuffix(name, ".snapshot.json")
}

// packages compiles every package under root, two at a time: the compiler uses a processor and a half.
func packages(ctx context.Context, c compiler, root string) error {
	found, err := filepath.Glob(filepath.Join(root, "*", "main.bicep"))
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return errors.New("no package: nothing here has a main.bicep")
	}
	var wait sync.WaitGroup
	failed := make([]error, len(found))
	places := make(chan struct{}, 2)
	for i, file := range found {
		wait.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			failed[i] = onePackage(ctx, c, filepath.Dir(file))
		})
	}
	wait.Wait()
	return errors.Join(failed...)
}

// onePackage compiles the package in a folder, and makes its snapshots.
func onePackage(ctx context.Context, c compiler, folder string) error {
	inGroup, err := inGroup(folder)
	if err != nil {
		return err
	}
	if err := c.compile(ctx, folder); err != nil {
		return err
	}
	cases, err := filepath.Glob(filepath.Join(folder, "snapshots", "*.bicepparam"))
	if err != nil {
		return err
	}
	for _, one := range cases {
		if err := c.snapshot(ctx, folder, filepath.Join("snapshots", filepath.Base(one)), inGroup); err != nil {
			return err
		}
	}
	return nil
}

// inGroup tells whether a package is deployed to a resource group that is there already: every template is, but those of
// workspaces, and the platform's parts, which are no templates.
func inGroup(folder string) (bool, error) {
	text, err := os.ReadFile(filepath.Join(folder, "template.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var about struct{ Kind string }
	if err := json.Unmarshal(text, &about); err != nil {
		return false, fmt.Errorf("%s/template.json: %w", filepath.Base(folder), err)
	}
	return about.Kind != "workspace", nil
}

// compare lists the files under work that root lacks or has otherwise, and the made ones that only root has.
func compare(work, root string) ([]string, error) {
	var changed []string
	err := fs.WalkDir(os.DirFS(work), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		ours, err := os.ReadFile(filepath.Join(work, name))
		if err != nil {
			return err
		}
		theirs, err := os.ReadFile(filepath.Join(root, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err != nil || !bytes.Equal(ours, theirs) {
			changed = append(changed, name)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return changed, leftovers(work, root)
}

// leftovers is an error that names a made file whose source is gone.
func leftovers(work, root string) error {
	return fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !made(d.Name()) {
			return err
		}
		if _, err := os.Stat(filepath.Join(work, name)); err != nil {
			return fmt.Errorf("%s: nothing makes it any more; remove it: %w", name, err)
		}
		return nil
	})
}

// put copies one file.
func put(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o644)
}
