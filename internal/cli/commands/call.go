package commands

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/client"
)

var methods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// rawCall is one call of the API that no command makes.
type rawCall struct {
	data     string
	headers  []string
	etag     string
	paginate bool
}

func newCall(c *cli.Context) *cobra.Command {
	var r rawCall
	cmd := &cobra.Command{
		Use:   "api METHOD URL",
		Short: "Call any address of the API",
		Long: "Calls any address of the API and prints the answer. The address is a path, with or without /api in front; whole addresses must be\n" +
			"of the API that you are signed in to, because your token is sent there.",
		Example: "  tre api GET /workspaces --query 'workspaces[].id' -o json\n" +
			"  tre api POST /workspaces/$W/requests --data '{\"type\":\"import\",\"businessJustification\":\"Codebook\"}'\n" +
			"  tre api GET '/requests?limit=100' --paginate -o json",
		Args:              cli.Args(cobra.ExactArgs(2)),
		ValidArgsFunction: cobra.FixedCompletions(methods, cobra.ShellCompDirectiveNoFileComp),
		RunE:              func(cmd *cobra.Command, args []string) error { return r.run(cmd, c, args) },
	}
	f := cmd.Flags()
	f.StringVarP(&r.data, "data", "d", "", "body: JSON, @file, or - for standard input")
	f.StringArrayVarP(&r.headers, "header", "H", nil, "header to send, as Name: value")
	f.StringVar(&r.etag, "etag", "", "version that a change is based on")
	f.BoolVar(&r.paginate, "paginate", false, "follow the links to further pages, and print all as one list")
	return cmd
}

func (r *rawCall) run(cmd *cobra.Command, c *cli.Context, args []string) error {
	ctx := cmd.Context()
	conn, err := c.Connect(ctx)
	if err != nil {
		return err
	}
	call, err := r.call(c, conn.Base, args)
	if err != nil {
		return err
	}
	caller := c.Client(conn)
	var text []byte
	if r.paginate {
		text, err = r.pages(cmd, caller, call)
	} else {
		var answer *client.Answer
		if answer, err = caller.Send(ctx, call); err == nil {
			text = answer.Body
		}
	}
	if err != nil {
		return err
	}
	if !json.Valid(text) { // such as CSV
		_, err = c.Out.Write(text)
		return err
	}
	if c.Plain() {
		c.Options.Output = "json" // what the answer is nobody knows
	}
	return c.Show(text, nil)
}

// pages reads all pages: bare lists, or objects in which one field is a list.
func (r *rawCall) pages(cmd *cobra.Command, caller *client.Client, call client.Call) ([]byte, error) {
	if call.Method != http.MethodGet {
		return nil, cli.Misused("--paginate: only lists have pages, and lists are read with GET")
	}
	first, err := caller.Send(cmd.Context(), call)
	if err != nil {
		return nil, err
	}
	field, object := "", map[string]json.RawMessage{}
	if json.Unmarshal(first.Body, &object) == nil {
		for name, value := range object {
			if strings.HasPrefix(string(value), "[") {
				if field != "" {
					return nil, cli.Misused("--paginate: this answer holds several lists")
				}
				field = name
			}
		}
		if field == "" {
			return first.Body, nil
		}
	}
	return caller.Whole(cmd.Context(), call.Path, field)
}

func (r *rawCall) call(c *cli.Context, base string, args []string) (client.Call, error) {
	call := client.Call{Method: strings.ToUpper(args[0]), Header: http.Header{}}
	if !slices.Contains(methods, call.Method) {
		return call, cli.Misused("%q is no method; take one of %s", args[0], strings.Join(methods, ", "))
	}
	var err error
	if call.Path, err = pathOf(base, args[1]); err != nil {
		return call, err
	}
	switch {
	case r.data == "-":
		call.Body, err = c.ReadAll("-")
	case strings.HasPrefix(r.data, "@"):
		call.Body, err = c.ReadAll(r.data[1:])
	case r.data != "":
		call.Body = []byte(r.data)
	}
	if err != nil {
		return call, fmt.Errorf("--data: %w", err)
	}
	for _, header := range r.headers {
		name, value, ok := strings.Cut(header, ":")
		if !ok || strings.EqualFold(name, "Authorization") {
			return call, cli.Misused("--header: %q is no header that can be sent; write Name: value", name)
		}
		call.Header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	if r.etag != "" {
		call.Header.Set("ETag", r.etag)
	}
	return call, nil
}

// pathOf is the address below the API's base address.
func pathOf(base, address string) (string, error) {
	if u, err := url.Parse(address); err != nil || u.Host != "" && !strings.HasPrefix(address, base+"/") {
		return "", cli.Misused("%s is not below %s, where you are signed in", address, base)
	}
	path := strings.TrimPrefix(address, base)
	path = "/" + strings.TrimLeft(path, "/")
	if rest, ok := strings.CutPrefix(path, "/api/"); ok {
		return "/" + rest, nil
	}
	return path, nil
}
