package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/local/azurite"
)

// prepare finds the repository and installs what Node brings to it, where that
// is missing or older than the lock file.
func prepare(cmd *cobra.Command, root string) (string, error) {
	if root == "" {
		found, err := azurite.FindRoot()
		if err != nil {
			return "", err
		}
		root = found
	}
	fresh, err := installed(root)
	if err != nil || fresh {
		return root, err
	}
	fmt.Fprintln(cmd.ErrOrStderr(), "Installing Azurite (npm ci); this happens once.")
	return root, azurite.Install(cmd.Context(), root, cmd.ErrOrStderr())
}

// installed tells whether node_modules is as the lock file wants it: npm writes
// its own copy of the lock file last.
func installed(root string) (bool, error) {
	wanted, err := os.Stat(filepath.Join(root, "package-lock.json"))
	if err != nil {
		return false, err
	}
	there, err := os.Stat(filepath.Join(root, "node_modules", ".package-lock.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && !there.ModTime().Before(wanted.ModTime()), err
}
