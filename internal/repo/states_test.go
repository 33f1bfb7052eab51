package repo_test

import (
	"fmt"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// states renders the rulebook's table and its drawing.
func states() string {
	var b strings.Builder
	b.WriteString("```mermaid\n" + airlock.Diagram() + "```\n\n| from | on | by | to | then |\n|---|---|---|---|---|\n")
	for _, row := range airlock.Steps {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", row.From, row.On, words(row.By), row.To, words(row.Then))
	}
	return b.String()
}

// statuses renders the rulebook's table of resources and its drawing.
func statuses() string {
	var b strings.Builder
	b.WriteString("```mermaid\n" + workspace.Diagram() + "```\n\n| from | on | by | to |\n|---|---|---|---|\n")
	for _, row := range workspace.Steps {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", row.From, row.On, words(row.By), row.To)
	}
	return b.String()
}

func words[T ~string](all []T) string {
	texts := make([]string, len(all))
	for i, t := range all {
		texts[i] = string(t)
	}
	return strings.Join(texts, ", ")
}
