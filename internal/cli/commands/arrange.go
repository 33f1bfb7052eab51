package commands

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/trefoil-tre/trefoil/internal/cli"
)

// Arrange puts names that stand in the middle of a command line where cobra
// finds them: `workspace ID show` becomes `workspace show --workspace ID`. Names
// that are commands themselves stay.
func Arrange(root *cobra.Command, args []string) []string {
	var out, moved []string
	at, completing := root, len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd)
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			return slices.Concat(out, moved, args[i:])
		}
		out = append(out, arg)
		if strings.HasPrefix(arg, "-") {
			if takesValue(at, arg) && i+1 < len(args) {
				i++
				out = append(out, args[i])
			}
			continue
		}
		next := child(at, arg)
		if next == nil {
			continue
		}
		at = next
		flag := cli.MiddleOf(at)
		last := i + 2
		if flag == "" || i+1 >= len(args) || strings.HasPrefix(args[i+1], "-") || child(at, args[i+1]) != nil {
			continue
		}
		if completing && last == len(args) {
			out[len(out)-1] = at.Name() + "-id" // the hidden command that completes names
			continue
		}
		i++
		moved = append(moved, "--"+flag+"="+args[i])
	}
	if last := len(out) - 1; completing && last >= 0 { // the last word is the one to complete, perhaps as a flag's value
		if last > 0 && strings.HasPrefix(out[last-1], "-") && takesValue(at, out[last-1]) {
			last--
		}
		return slices.Concat(out[:last], moved, out[last:])
	}
	return slices.Concat(out, moved)
}

func child(cmd *cobra.Command, name string) *cobra.Command {
	for _, c := range cmd.Commands() {
		if c.Name() == name || c.HasAlias(name) {
			return c
		}
	}
	return nil
}

// takesValue tells whether the flag's value is the next word.
func takesValue(cmd *cobra.Command, arg string) bool {
	if strings.Contains(arg, "=") {
		return false
	}
	name := strings.TrimLeft(arg, "-")
	for c := cmd; c != nil; c = c.Parent() {
		for _, set := range []interface {
			ShorthandLookup(string) *pflag.Flag
			Lookup(string) *pflag.Flag
		}{c.PersistentFlags(), c.Flags()} {
			f := set.Lookup(name)
			if !strings.HasPrefix(arg, "--") {
				f = nil
				if len(name) == 1 {
					f = set.ShorthandLookup(name)
				}
			}
			if f != nil {
				return f.NoOptDefVal == ""
			}
		}
	}
	return false
}
