package stack

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAFolderRemembersKeysAndPorts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := &Stack{dir: dir, Workspaces: Seed}
	if err := first.recall(); err != nil {
		t.Fatal(err)
	}
	first.kept.Ports = first.cfg.Ports
	if err := first.write(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(first.keptFile())
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("keys in a file of mode %v, %v", info.Mode(), err)
	}
	second := &Stack{dir: dir, Workspaces: Seed}
	if err := second.recall(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first.kept, second.kept); diff != "" || second.cfg.Ports.Front != first.cfg.Ports.Front {
		t.Errorf("the second run has other keys or ports: %s", diff)
	}
	if len(second.kept.Accounts) != 6 || second.kept.Cookies == "" || second.kept.Tokens == "" {
		t.Errorf("%d account keys, cookie key of %d characters", len(second.kept.Accounts), len(second.kept.Cookies))
	}
	taken, err := net.Listen("tcp", loopback(first.cfg.Ports.Front))
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	third := &Stack{dir: dir, Workspaces: Seed}
	if err := third.recall(); err != nil || third.cfg.Ports.Front == first.cfg.Ports.Front {
		t.Errorf("port %d is taken and was chosen: %v", third.cfg.Ports.Front, err)
	}
	asked := &Stack{dir: dir, Workspaces: Seed, cfg: Config{Ports: Ports{Front: 1234, Mail: 1235}}}
	if err := asked.recall(); err != nil || asked.cfg.Ports.Front != 1234 || asked.cfg.Ports.Mail != 1235 {
		t.Errorf("ports %+v were not the ones asked for: %v", asked.cfg.Ports, err)
	}
}

func TestDamagedNotesAreNamed(t *testing.T) {
	t.Parallel()
	s := &Stack{dir: t.TempDir(), Workspaces: Seed}
	if err := os.WriteFile(s.keptFile(), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.recall(); err == nil {
		t.Error("damaged notes are read")
	}
}

func TestInfoIsWrittenWholeForItsOwnerAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local", "local.json")
	want := Info{API: "http://127.0.0.1:1/api", Users: []UserInfo{{Key: "ann", Token: TokenInfo{Form: map[string]string{"user": "ann"}}}}}
	for range 2 {
		if err := want.Write(path); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got Info
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("%d files in the folder, %v", len(left), err)
	}
}

func TestTimeSpan(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		500 * time.Millisecond: "00:00:00.500", 90 * time.Second: "00:01:30.000", 25 * time.Hour: "25:00:00.000",
	} {
		if got := timeSpan(d); got != want {
			t.Errorf("timeSpan(%v) = %s, want %s", d, got, want)
		}
	}
}
