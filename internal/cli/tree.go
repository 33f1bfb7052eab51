package cli

import (
	"strings"

	"github.com/spf13/cobra"
)

// Family is a command that only has others below it.
func Family(use, short string, below ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: Args(cobra.NoArgs), RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(below...)
	return cmd
}

// middle is the annotation that says which flag holds the name behind a command
// of AzureTRE's tree.
const middle = "name-in-the-middle"

// Middle makes cmd one whose name stands behind it in the middle of a line, as
// in `tre workspace ID show`. The commands below it find the name in the flag.
func Middle(cmd *cobra.Command, flag string) *cobra.Command {
	if cmd.Annotations == nil {
		cmd.Annotations = map[string]string{}
	}
	cmd.Annotations[middle] = flag
	cmd.PersistentFlags().String(flag, "", "")
	_ = cmd.PersistentFlags().MarkHidden(flag) // fails only for unknown flags
	return cmd
}

// MiddleOf is the flag for the name behind a command; "" if none stands there.
func MiddleOf(cmd *cobra.Command) string { return cmd.Annotations[middle] }

// Completing is the hidden command, a neighbour of a command with a name in the
// middle, that completes such names.
func Completing(name string, names cobra.CompletionFunc) *cobra.Command {
	return &cobra.Command{Use: name + "-id", Hidden: true, ValidArgsFunction: names, RunE: func(*cobra.Command, []string) error { return nil }}
}

// Called is how a command is called, with the names in the middle.
func Called(cmd *cobra.Command) string {
	words, arguments, _ := strings.Cut(strings.TrimSuffix(cmd.UseLine(), " [flags]"), cmd.CommandPath())
	for at := cmd; at.HasParent(); at = at.Parent() {
		word := at.Name()
		if flag := MiddleOf(at); flag != "" && at != cmd {
			word += " " + strings.ToUpper(flag)
		}
		words = " " + word + words
	}
	return cmd.Root().Name() + words + arguments
}
