package provision_test

import (
	"bytes"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// texts calls f with every text that can be reached from a value, private fields
// included.
func texts(v reflect.Value, seen map[uintptr]bool, f func(string)) {
	switch v.Kind() {
	case reflect.String:
		f(v.String())
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() || v.Kind() == reflect.Pointer && seen[v.Pointer()] {
			return
		}
		if v.Kind() == reflect.Pointer {
			seen[v.Pointer()] = true
		}
		texts(v.Elem(), seen, f)
	case reflect.Struct:
		for i := range v.NumField() {
			texts(v.Field(i), seen, f)
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			if v.Kind() == reflect.Slice {
				f(string(v.Bytes()))
			}
			return
		}
		for i := range v.Len() {
			texts(v.Index(i), seen, f)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			texts(key, seen, f)
			texts(v.MapIndex(key), seen, f)
		}
	default: // holds no text
	}
}

// count is how many of the texts hold what is looked for.
func count(v any, what string) (all, holding int) {
	texts(reflect.ValueOf(v), map[uintptr]bool{}, func(s string) {
		all++
		if strings.Contains(s, what) {
			holding++
		}
	})
	return all, holding
}

// TestSecretsAreInTheVaultOnly: a secret that is given, changed, asked for and
// refused turns up in nothing that is stored, ordered, logged, answered or said,
// and neither does one that was made here.
func TestSecretsAreInTheVaultOnly(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	var log bytes.Buffer
	b.Log = slog.New(slog.NewTextHandler(&log, nil))
	b.orders.err = errLost // so that something is logged
	var answers []any
	say := func(all ...any) {
		for _, v := range all {
			if err, ok := v.(error); ok {
				v = err.Error()
			}
			answers = append(answers, v)
		}
	}
	secret := map[string]any{"client_secret": canary, "proxy": map[string]any{"host": "h", "password": canary}}
	r, o, err := b.Workspace(t.Context(), by(adam), id(), provision.New{Template: "base", Properties: named(secret)})
	b.must(err)
	w := b.deployed(r, o)
	say(r, o)
	r, o, err = b.Update(t.Context(), by(adam), w.Key(), provision.Patch{Match: "*", Properties: map[string]any{"client_secret": canary + "2"}})
	b.must(err)
	w = b.deployed(r, o)
	say(r, o)
	s := b.service(w)
	say(b.machine(w, s))
	w = b.disabled(w)
	say(w)
	r, o, err = b.Delete(t.Context(), by(adam), w.Key())
	b.must(err)
	say(r, o)

	b.standing(1)
	for range 2 {
		got, err := b.Ask(t.Context(), asked(secret))
		b.must(err)
		say(got)
		if got.Status == workspace.Asked {
			got, err = b.Decide(t.Context(), by(adam), got.ID, true)
			b.must(err)
			say(got)
		}
	}
	for _, wrong := range []map[string]any{
		{"client_secret": canary, "quota": "x"}, {"client_secret": map[string]any{"a": canary}}, {"client_secret": []any{canary}},
		{"client_secret": canary, "fixed": 7}, {"clientsecret": canary}, {"proxy": canary}, {"proxy": map[string]any{"password": canary, "port": canary}},
		{"client_secret": canary + "\x00"}, {"client_secret": canary, "fixed": strings.Repeat("x", 70_000)}, {"quota": canary},
	} {
		_, _, err := b.Workspace(t.Context(), by(adam), id(), provision.New{Template: "base", Properties: named(wrong)})
		_, err2 := b.Ask(t.Context(), asked(wrong))
		if err == nil || err2 == nil {
			t.Fatalf("%v passed", wrong)
		}
		say(err, err2)
	}
	b.vault.err = errLost
	_, _, err = b.Workspace(t.Context(), by(adam), id(), provision.New{Template: "base", Properties: named(secret)})
	wrong(t, "no vault", err, errLost)
	say(err)

	for _, value := range append([]string{canary}, b.generated()...) {
		for name, v := range map[string]any{"the store": b.store, "orders": b.orders.sent, "answers": answers, "the log": log.String()} {
			all, holding := count(v, value)
			if holding > 0 || all == 0 {
				t.Errorf("%s: %d of %d texts hold a secret", name, holding, all)
			}
		}
		if _, holding := count(b.vault.values, value); holding == 0 {
			t.Error("the vault does not hold it, so that nothing was looked for")
		}
	}
	if _, found := count(b.store, "Study"); found == 0 || !strings.Contains(log.String(), "order not sent") {
		t.Error("nothing was looked at")
	}
}

// generated are the secrets that were made here.
func (b *bed) generated() []string {
	var made []string
	for _, value := range b.vault.values {
		if !strings.Contains(value, canary) {
			made = append(made, value)
		}
	}
	if len(made) == 0 {
		b.t.Fatal("none was made")
	}
	return made
}
