package cli_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/cli"
)

func TestAResultThatIsNotWrittenIsAFailure(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "result")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		flag int
		want cli.Code
	}{{"it is written", os.O_WRONLY, cli.Done}, {"nothing can be written there", os.O_RDONLY, cli.Failed}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			file, err := os.OpenFile(path, tc.flag, 0)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = file.Close() })
			c := cli.New(os.Stdin, file, os.Stderr, os.Getenv, time.Now)
			table := &cli.Table{Columns: []cli.Column{{Name: "id"}}}
			table.Row(cli.ID("1"))
			c.Draw(table)
			if got := cli.CodeOf(c.Written(nil)); got != tc.want {
				t.Errorf("exit code %d, want %d", got, tc.want)
			}
			own := fmt.Errorf("what went wrong before: %w", os.ErrExist)
			if err := c.Written(own); err != own { //nolint:errorlint // the very same
				t.Errorf("hidden by %v", err)
			}
		})
	}
}
