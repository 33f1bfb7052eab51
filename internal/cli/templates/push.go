package templates

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/client"
	"github.com/trefoil-tre/trefoil/internal/console"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// The files of a package that are sent. The rest of the folder is for people.
const (
	descriptor = "template.json"
	schema     = "template_schema.json"
	compiled   = "main.json"
)

// Template is the family of commands about a template package in a folder.
func Template(c *cli.Context) *cobra.Command {
	cmd := cli.Family("template", "Template packages: a folder that becomes a template", newPush(c), newNew(c))
	cmd.Long = "Template packages: a folder that becomes a template.\n\nIt holds template.json (name, version, kind, custom actions, deadlines), template_schema.json (AzureTRE's form, unchanged)\n" +
		"and main.json (the ARM template, as `bicep build main.bicep` makes it)."
	return cmd
}

// registration is the body that the API takes, with AzureTRE's names; what is
// not looked at here goes as it stands in the file.
type registration struct {
	Name      string          `json:"name"`
	Version   string          `json:"version"`
	Kind      string          `json:"kind"`
	Parent    string          `json:"-"`
	Current   bool            `json:"current"`
	Schema    json.RawMessage `json:"json_schema"`
	Template  json.RawMessage `json:"template"`
	Actions   json.RawMessage `json:"customActions,omitempty"`
	Deadlines json.RawMessage `json:"deadlines,omitempty"`
	Secrets   json.RawMessage `json:"generatedSecrets,omitempty"`
}

func newPush(c *cli.Context) *cobra.Command {
	var current, check bool
	cmd := &cobra.Command{
		Use:   "push DIR",
		Short: "Check the template package in a folder, and register it",
		Long: "Checks the package in a folder by the rules of the API, and registers it. What is wrong is told before anything is sent, all of\n" +
			"it at once, each with its file and place. A registered version never changes: to change a template, raise its version.\n" +
			"The same package again changes nothing.",
		Example: "  tre template push infra/templates/tre-workspace-base\n  tre template push my-template --check",
		Args:    cli.Args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			files, err := folder(args[0])
			if err != nil {
				return err
			}
			t, err := template.Parse(files, template.DefaultLimits)
			if err != nil {
				return &cli.Error{Code: cli.Usage, Err: fmt.Errorf("%s: %w", args[0], err), Hint: "nothing was sent"}
			}
			if check {
				c.Say(console.Green, fmt.Sprintf("%s %s is a good template of a %s.", t.Name, t.Version, t.Kind))
				return nil
			}
			if same, err := registered(cmd.Context(), c, t, current); same || err != nil {
				return err
			}
			body, err := registrationOf(files, current)
			if err != nil {
				return err
			}
			return register(cmd.Context(), c, address(t.Kind, t.Parent), body)
		},
	}
	cmd.Flags().BoolVar(&current, "current", true, "take this version from now on where none is asked for")
	cmd.Flags().BoolVar(&check, "check", false, "only check; nothing is sent, nobody has to be signed in")
	return cmd
}

// registered tells whether the very same package is registered, and is the
// current version if it is to be: then there is nothing to do. What is not known
// is for the API to say.
func registered(ctx context.Context, c *cli.Context, t template.Template, current bool) (bool, error) {
	caller, err := c.API(ctx)
	if err != nil {
		return false, err
	}
	path := address(t.Kind, t.Parent) + "/" + url.PathEscape(t.Name) + "?" + url.Values{"version": {t.Version}}.Encode()
	answer, err := caller.Send(ctx, client.Call{Method: http.MethodGet, Path: path})
	if _, refused := client.Refused(err); refused {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	kept, err := template.Read(answer.Body)
	if err != nil || kept.Digest != t.Digest || current && !kept.Current {
		return false, nil //nolint:nilerr // an answer that cannot be read is none of this version
	}
	if err := c.Show(answer.Body, func(*console.Screen) { drawRegistered(c, kept) }); err != nil {
		return true, err
	}
	c.Say(console.Green, "Already registered, with the very same content.")
	return true, nil
}

// folder reads the files of a folder that are sent. Nothing outside the folder
// is read, whatever a link says, and nothing that is too large.
func folder(dir string) (map[string][]byte, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close() //nolint:errcheck // nothing is kept in it
	files := map[string][]byte{}
	for name, most := range map[string]int{descriptor: template.DefaultLimits.Schema, schema: template.DefaultLimits.Schema, compiled: template.DefaultLimits.Main} {
		text, err := readFile(root, name, most)
		switch {
		case errors.Is(err, fs.ErrNotExist) && name == compiled:
			return nil, &cli.Error{Code: cli.Usage, Err: fmt.Errorf("%s has no %s", dir, name), Hint: "compile it: `bicep build main.bicep` in that folder"}
		case errors.Is(err, fs.ErrNotExist):
			return nil, &cli.Error{Code: cli.Usage, Err: fmt.Errorf("%s has no %s, so it is no template package", dir, name), Hint: "`tre template new` starts one"}
		case err != nil:
			return nil, fmt.Errorf("%s: %w", dir, err)
		}
		files[name] = text
	}
	return files, nil
}

// readFile reads a file up to one byte more than it may have: Parse then says
// that it is too large.
func readFile(root *os.Root, name string, most int) ([]byte, error) {
	file, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, int64(most)+1))
}

// registrationOf is the body for a package that was checked.
func registrationOf(files map[string][]byte, current bool) (registration, error) {
	r := registration{}
	if err := json.Unmarshal(files[descriptor], &r); err != nil {
		return r, fmt.Errorf("%s: %w", descriptor, err)
	}
	r.Current, r.Schema, r.Template = current, files[schema], files[compiled]
	return r, nil
}

// encode is JSON without HTML's escapes, which would make a template longer.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}
