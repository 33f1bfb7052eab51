package templates

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/infra/skeletons"
	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/console"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// start is a package that is to be started.
type start struct{ name, kind, parent, dir, title string }

func kinds() []string {
	var all []string
	for _, k := range workspace.Kinds {
		all = append(all, string(k))
	}
	return all
}

func newNew(c *cli.Context) *cobra.Command {
	var s start
	cmd := &cobra.Command{
		Use:   "new NAME",
		Short: "Start a template package from a skeleton, in a folder of its name",
		Long: "Writes a folder with a small package that `tre template push` takes as it is: main.json is the compiled main.bicep. From\n" +
			"there change main.bicep and template_schema.json, and compile with `bicep build main.bicep`.",
		Example: "  tre template new our-desktops --kind workspace-service\n  tre template new our-machine --kind user-resource --parent our-desktops",
		Args:    cli.Args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			s.name = args[0]
			var err error
			if s.kind, err = c.Ask(cmd.Context(), s.kind, cli.Question{Flag: "kind", Text: "Kind", Choices: kinds()}); err != nil {
				return err
			}
			if !slices.Contains(kinds(), s.kind) {
				return cli.Misused("--kind: %q is none of %s", s.kind, strings.Join(kinds(), ", "))
			}
			if s.kind == string(workspace.UserResource) {
				if s.parent, err = c.Ask(cmd.Context(), s.parent, cli.Question{Flag: "parent", Text: "Template of the service that it belongs to"}); err != nil {
					return err
				}
			}
			if s.parent != "" && s.kind != string(workspace.UserResource) {
				return cli.Misused("--parent: only a user-resource belongs to a service")
			}
			return s.run(c)
		},
	}
	f := cmd.Flags()
	f.StringVar(&s.kind, "kind", "", strings.Join(kinds(), ", "))
	f.StringVar(&s.parent, "parent", "", "of a user resource: template of the service that it belongs to")
	f.StringVar(&s.title, "title", "", "what people call it")
	f.StringVar(&s.dir, "dir", "", "folder to write (default the name)")
	_ = cmd.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions(kinds(), cobra.ShellCompDirectiveNoFileComp)) // fails only for unknown flags
	return cmd
}

func (s start) run(c *cli.Context) error {
	if s.dir == "" {
		s.dir = s.name
	}
	files, err := skeletons.Files(s.kind)
	if err != nil {
		return err
	}
	if err := s.rename(files); err != nil {
		return err
	}
	if _, err := template.Parse(files, template.DefaultLimits); err != nil { // such as a name that cannot be one
		return &cli.Error{Code: cli.Usage, Err: err, Hint: "nothing was written"}
	}
	if err := write(s.dir, files); err != nil {
		return err
	}
	c.Say(console.Green, fmt.Sprintf("%s is there.", s.dir))
	c.Say(console.Dim, fmt.Sprintf("Next: change main.bicep and template_schema.json, `bicep build main.bicep`, then `tre template push %s`.", s.dir))
	return nil
}

// rename puts the names into the skeleton's files.
func (s start) rename(files map[string][]byte) error {
	changes := map[string]any{"name": s.name}
	if s.parent != "" {
		changes["parent"] = s.parent
	}
	if err := set(files, descriptor, changes); err != nil || s.title == "" {
		return err
	}
	return set(files, schema, map[string]any{"title": s.title})
}

// set changes fields of a JSON file; the others stay as and where they are.
func set(files map[string][]byte, name string, changes map[string]any) error {
	text := string(files[name])
	var before map[string]any
	if err := json.Unmarshal(files[name], &before); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for _, key := range slices.Sorted(maps.Keys(changes)) {
		old, err := encode(before[key])
		if err != nil {
			return err
		}
		to, err := encode(changes[key])
		if err != nil {
			return err
		}
		text = strings.Replace(text, fmt.Sprintf("%q: %s", key, old), fmt.Sprintf("%q: %s", key, to), 1)
	}
	files[name] = []byte(text)
	return nil
}

// write writes files into a folder that is not there yet, so that nothing is
// written over.
func write(dir string, files map[string][]byte) error {
	if err := os.Mkdir(dir, 0o755); errors.Is(err, os.ErrExist) {
		return &cli.Error{Code: cli.Usage, Err: fmt.Errorf("%s is there already", dir), Hint: "--dir takes another folder"}
	} else if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // nothing is kept in it
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := root.WriteFile(name, files[name], 0o644); err != nil {
			return err
		}
	}
	return nil
}
