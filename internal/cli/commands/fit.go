package commands

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/console"
)

// fit makes the pages of help as wide as the terminal that they are read on.
// Elsewhere they are as they are written.
func fit(c *cli.Context, root *cobra.Command) {
	if !c.Terminal.Out {
		return
	}
	columns := c.Page.Columns()
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), "Flags.FlagUsages", fmt.Sprintf("Flags.FlagUsagesWrapped %d", columns)))
	show := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		written := cmd.Long
		defer func() { cmd.Long = written }()
		cmd.Long = fitted(written, columns)
		show(cmd, args)
	})
}

// entry is a line of a list: what it is about, two spaces or more, and a text.
var entry = regexp.MustCompile(`^( *\S+(?: \S+)* {2,})(\S.*)$`)

// fitted breaks a text into lines that fit. Paragraphs are filled, the texts of
// lists stay below each other, and what is indented otherwise stays as it is.
func fitted(text string, columns int) string {
	var lines, paragraph []string
	flush := func() {
		lines = append(lines, console.Wrap(strings.Join(paragraph, " "), columns)...)
		paragraph = nil
	}
	for _, line := range strings.Split(text, "\n") {
		if line != "" && line[0] != ' ' && !entry.MatchString(line) {
			paragraph = append(paragraph, line)
			continue
		}
		flush()
		parts := entry.FindStringSubmatch(line)
		if parts == nil || console.Width(line) <= columns {
			lines = append(lines, line)
			continue
		}
		before := parts[1]
		for _, rest := range console.Wrap(parts[2], columns-console.Width(before)) {
			lines = append(lines, before+rest)
			before = strings.Repeat(" ", len(before))
		}
	}
	flush()
	return strings.Join(lines, "\n")
}
