package people_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/people"
)

// TestWordsFillNoRow: an owner who gives roles with the longest reasons there
// are, while no mail is sent, leaves room for an administrator's freeze.
func TestWordsFillNoRow(t *testing.T) {
	t.Parallel()
	const row = 480_000 // characters, see internal/azstore
	s, owner, admin := state(), actors["owner"], actors["admin"]
	owner.At, owner.Reason = now, strings.Repeat("<", airlock.MaxReason)
	for call := range 10 {
		g := people.Grant{Role: access.WorkspaceResearcher}
		for i := range people.MaxAtOnce {
			g.To = append(g.To, people.Entry{OID: fmt.Sprintf("a0000000-0000-4000-8000-%06d%06d", call, i), Name: "Somebody", Email: "somebody@example.org"})
		}
		c, err := s.Grant(owner, g)
		if err != nil {
			t.Fatal(err)
		}
		s.Roll = c.Roll
	}
	admin.At, admin.Reason = now, strings.Repeat("<", airlock.MaxReason)
	c, err := s.Freeze(admin)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(c.Roll)
	if err != nil || len(text) > row {
		t.Errorf("%d characters, error %v", len(text), err)
	}
	if n := len(c.Roll.Notices); n != 200 || c.Roll.Notices[n-1].Reason != admin.Reason || c.Roll.Notices[0].Reason != "" {
		t.Errorf("%d notices", n)
	}
}
