package seal_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/trefoil-tre/trefoil/internal/identity/seal"
)

const life = 10 * time.Minute

var (
	old   = base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{1}, 32))
	young = base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{2}, 32))
)

type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func codec(t *testing.T, setting string) (*seal.Codec, *clock) {
	t.Helper()
	c := &clock{at: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	s, err := seal.New(setting, c.now)
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

func TestOpen(t *testing.T) {
	t.Parallel()
	c, _ := codec(t, old)
	sealed, err := c.Seal("session", []byte("oid"), life)
	if err != nil {
		t.Fatal(err)
	}
	other, _ := codec(t, young)
	rotated, _ := codec(t, young+","+old)
	late, lateClock := codec(t, old)
	lateClock.at = lateClock.at.Add(life)
	last, lastClock := codec(t, old)
	lastClock.at = lastClock.at.Add(life - time.Second)
	for _, tt := range []struct {
		name    string
		codec   *seal.Codec
		purpose string
		text    string
		err     error
	}{
		{name: "ours", codec: c, purpose: "session", text: sealed},
		{name: "key rotated", codec: rotated, purpose: "session", text: sealed},
		{name: "last second", codec: last, purpose: "session", text: sealed},
		{name: "expired", codec: late, purpose: "session", text: sealed, err: seal.ErrExpired},
		{name: "key retired", codec: other, purpose: "session", text: sealed, err: seal.ErrForged},
		{name: "other purpose", codec: c, purpose: "signin", text: sealed, err: seal.ErrForged},
		{name: "purpose extended", codec: c, purpose: "session2", text: sealed, err: seal.ErrForged},
		{name: "cut", codec: c, purpose: "session", text: sealed[:len(sealed)-4], err: seal.ErrForged},
		{name: "empty", codec: c, purpose: "session", err: seal.ErrForged},
		{name: "no base64", codec: c, purpose: "session", text: "###", err: seal.ErrForged},
		{name: "header only", codec: c, purpose: "session", text: sealed[:8], err: seal.ErrForged},
		{name: "huge", codec: c, purpose: "session", text: strings.Repeat("A", 1<<20), err: seal.ErrForged},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.codec.Open(tt.purpose, tt.text)
			if !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if err == nil && string(got) != "oid" {
				t.Errorf("value %q", got)
			}
		})
	}
}

// TestEveryBit flips each bit of a sealed value: none may open.
func TestEveryBit(t *testing.T) {
	t.Parallel()
	c, _ := codec(t, old)
	text, err := c.Seal("session", []byte("role=researcher"), life)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	for bit := range len(raw) * 8 {
		changed := bytes.Clone(raw)
		changed[bit/8] ^= 1 << (bit % 8)
		if _, err := c.Open("session", base64.RawURLEncoding.EncodeToString(changed)); !errors.Is(err, seal.ErrForged) {
			t.Errorf("bit %d: error %v", bit, err)
		}
	}
	if _, err := c.Open("session", text); err != nil {
		t.Errorf("unchanged: %v", err)
	}
}

// TestOneSpelling: the spare bits at the end of base64 are not for playing with.
func TestOneSpelling(t *testing.T) {
	t.Parallel()
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	c, _ := codec(t, old)
	for size := range 3 {
		text, err := c.Seal("session", make([]byte, size), life)
		if err != nil {
			t.Fatal(err)
		}
		for _, last := range alphabet {
			other := text[:len(text)-1] + string(last)
			if _, err := c.Open("session", other); other != text && !errors.Is(err, seal.ErrForged) {
				t.Errorf("%d bytes, %q for %q: error %v", size, other, text, err)
			}
		}
	}
}

func TestSealedSaysNothing(t *testing.T) {
	t.Parallel()
	c, _ := codec(t, old)
	one, err1 := c.Seal("session", []byte("same"), life)
	two, err2 := c.Seal("session", []byte("same"), life)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	if one == two {
		t.Error("two seals of one value are equal")
	}
	if _, err := c.Seal("session", make([]byte, seal.MaxSealed), life); !errors.Is(err, seal.ErrTooLarge) {
		t.Errorf("error %v, want too large", err)
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	c, _ := codec(t, young+" "+old)
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.SliceOfN(rapid.Byte(), 0, 2000).Draw(t, "value")
		purpose := rapid.String().Draw(t, "purpose")
		text, err := c.Seal(purpose, value, life)
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.Open(purpose, text)
		if err != nil || !bytes.Equal(got, value) {
			t.Fatalf("got %x, %v", got, err)
		}
	})
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, setting := range []string{"", " , ", "secret", old[:40], old + ",short", base64.StdEncoding.EncodeToString(make([]byte, 16))} {
		_, err := seal.New(setting, time.Now)
		if err == nil {
			t.Errorf("setting %q accepted", setting)
			continue
		}
		for _, secret := range []string{old[:40], "secret", "short"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("error shows a key: %v", err)
			}
		}
	}
}

func FuzzOpen(f *testing.F) {
	c, err := seal.New(old, time.Now)
	if err != nil {
		f.Fatal(err)
	}
	f.Add("session", "AQAAAAA")
	f.Fuzz(func(t *testing.T, purpose, text string) {
		if got, err := c.Open(purpose, text); err == nil {
			t.Fatalf("%q opened as %x", text, got)
		}
	})
}
