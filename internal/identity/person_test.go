package identity_test

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/identity"
)

func TestPerson(t *testing.T) {
	t.Parallel()
	f := newForge(t, "k1")
	v := f.verifier(t, nil)
	for _, tt := range []struct {
		name    string
		changes set
		want    identity.Person
	}{
		{name: "email first", changes: set{"email": "r.hill@example.org"}, want: identity.Person{Name: "Robin Hill", Email: "r.hill@example.org"}},
		{name: "upn last", changes: set{"preferred_username": nil, "upn": "robin@corp.example"}, want: identity.Person{Name: "Robin Hill", Email: "robin@corp.example"}},
		{name: "no address", changes: set{"preferred_username": "+44 1632 960001"}, want: identity.Person{Name: "Robin Hill"}},
		{name: "address with header", changes: set{"email": "a@example.org\r\nBcc: b@example.org", "preferred_username": nil}, want: identity.Person{Name: "Robin Hill"}},
		{name: "address with name", changes: set{"email": "Robin <a@example.org>", "preferred_username": nil}, want: identity.Person{Name: "Robin Hill"}},
		{name: "name of many lines", changes: set{"name": " Robin\r\n\tHill\u202e\u0000 "}, want: identity.Person{Name: "Robin Hill", Email: "robin@example.org"}},
		{name: "no name", changes: set{"name": nil}, want: identity.Person{Name: "robin@example.org", Email: "robin@example.org"}},
		{name: "nothing but oid", changes: set{"name": "\u200b", "preferred_username": nil}, want: identity.Person{Name: oid}},
		{name: "one role as text", changes: set{"roles": "TREUser"}, want: identity.Person{Name: "Robin Hill", Email: "robin@example.org", Roles: []string{"TREUser"}}},
		{name: "app, idtyp", changes: set{"scp": nil, "idtyp": "app"}, want: identity.Person{Name: "Robin Hill", Email: "robin@example.org", AppOnly: true}},
		{name: "app, version 1.0 token", changes: set{"scp": nil, "sub": oid, "azp": nil, "appid": "cli"}, want: identity.Person{Name: "Robin Hill", Email: "robin@example.org", AppOnly: true}},
		{name: "app, sub is oid", changes: set{"scp": nil, "sub": oid}, want: identity.Person{Name: "Robin Hill", Email: "robin@example.org", AppOnly: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			changes := set{"roles": nil}
			maps.Copy(changes, tt.changes)
			got, err := v.Verify(t.Context(), f.sign(t, "k1", changes, nil))
			if err != nil {
				t.Fatal(err)
			}
			tt.want.OID, tt.want.Expires = oid, got.Expires
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
