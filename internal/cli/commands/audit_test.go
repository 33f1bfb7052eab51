package commands_test

import (
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/cli"
)

func TestAuditIsNotSearchedByHalfAnID(t *testing.T) {
	t.Parallel()
	for _, flag := range []string{"--request=3f2a", "--actor=Heart Owner", "--person=me", "--limit=-1"} {
		t.Run(flag, func(t *testing.T) {
			t.Parallel()
			server := newFake(t, nil)
			got := newWorld(t).at(server.Server).run("audit", "list", "--all", flag)
			if name, _, _ := strings.Cut(flag, "="); got.code != cli.Usage || !strings.Contains(got.err, name) || len(server.calls) > 0 {
				t.Errorf("exit code %d, %d calls: %s", got.code, len(server.calls), got.err)
			}
		})
	}
}

func TestAuditTableHoldsWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	const (
		heading = "at,reason\r\n"
		two     = heading + "2,\"a\nb\"\r\n1,c\r\n"
	)
	server := newFake(t, map[string]answer{
		"GET /audit?format=csv":         {body: two},
		"GET /audit?format=csv&limit=1": {body: heading + "2,\"a\nb\"\r\n"},
		"GET /audit?format=csv&limit=9": {body: two},
	})
	for _, tc := range []struct{ name, limit, want string }{
		{"all of it where no limit is given", "", two},
		{"all of it for 0", "0", two},
		{"the newest", "1", heading + "2,\"a\nb\"\r\n"},
		{"all where there are fewer", "9", two},
		{"all where there are fewer, past the API's pages", "1001", two},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			args := []string{"audit", "list", "--all", "--csv"}
			if tc.limit != "" {
				args = append(args, "--limit", tc.limit)
			}
			if got := newWorld(t).at(server.Server).must(args...).out; got != tc.want {
				t.Errorf("got %q", got)
			}
		})
	}
}
