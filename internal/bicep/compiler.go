package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Where snapshots are deployed to, in the mind of the compiler. It is the place that infra/templates/typical.bicep
// speaks of.
const (
	subscription  = "11111111-1111-4111-8111-111111111111"
	location      = "uksouth"
	resourceGroup = "rg-heart-ws-w2w3w4w5w6w7wawbwcwd"
)

// compiler is the Bicep command line.
type compiler struct{ path string }

// do runs one command in a folder. The compiler ends well on warnings, so that whatever it has to say is an error here.
func (c compiler) do(ctx context.Context, folder string, args ...string) error {
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, c.path, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = folder, &said, &said
	err := cmd.Run()
	if text := strings.TrimSpace(said.String()); err != nil || text != "" {
		return fmt.Errorf("%s in %s: %s", args[0], filepath.Base(folder), cmp.Or(text, fmt.Sprint(err)))
	}
	return nil
}

// format formats all sources under a folder.
func (c compiler) format(ctx context.Context, root string) error {
	for _, pattern := range []string{"**/*.bicep", "**/*.bicepparam"} {
		if err := c.do(ctx, root, "format", "--pattern", pattern, "--newline-kind", "LF", "--insert-final-newline"); err != nil {
			return err
		}
	}
	return nil
}

// compile makes main.json of a package.
func (c compiler) compile(ctx context.Context, folder string) error {
	if err := c.do(ctx, folder, "lint", "main.bicep"); err != nil {
		return err
	}
	return c.do(ctx, folder, "build", "main.bicep", "--outfile", "main.json")
}

// snapshot makes the parameters and the snapshot of one case.
func (c compiler) snapshot(ctx context.Context, folder, source string, inGroup bool) error {
	name := strings.TrimSuffix(source, ".bicepparam")
	if err := c.do(ctx, folder, "build-params", source, "--outfile", name+".parameters.json"); err != nil {
		return err
	}
	args := []string{"snapshot", source, "--mode", "overwrite", "--subscription-id", subscription, "--location", location}
	if inGroup {
		args = append(args, "--resource-group", resourceGroup)
	}
	if err := c.do(ctx, folder, args...); err != nil {
		return err
	}
	return settle(filepath.Join(folder, name+".snapshot.json"))
}

// settle puts the outputs of a snapshot in order: the compiler writes them in another one each time.
func settle(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var kept struct {
		PredictedResources json.RawMessage            `json:"predictedResources"`
		Diagnostics        []json.RawMessage          `json:"diagnostics"`
		Outputs            map[string]json.RawMessage `json:"outputs"`
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields() // what a newer compiler adds is not to be lost in silence
	if err := decoder.Decode(&kept); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	if len(kept.Diagnostics) > 0 {
		return fmt.Errorf("%s: %s", filepath.Base(path), kept.Diagnostics[0])
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(kept); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}
