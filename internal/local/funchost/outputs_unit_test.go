package funchost

import (
	"encoding/hex"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/local/funchost/jtoken"
)

func TestBindingExpressions(t *testing.T) {
	t.Parallel()
	var d bindingData
	d.set("Id", "r-1")
	d.leak(`{"n":3,"obj":{"K":{"x":"deep"},"nul":null},"list":[1]}`)
	for text, want := range map[string]string{
		"plain": "plain", "{id}-{n}": "r-1-3", "{obj.k.x}": "deep",
	} {
		if got, err := d.resolve(text); got != want || err != nil {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"{none}", "{list}", "{id.x}", "{obj.y}", "{obj.nul}"} {
		if got, err := d.resolve(text); err == nil {
			t.Errorf("%s: %q", text, got)
		}
	}
	if a, _ := d.resolve("{rand-guid}"); len(a) != 36 {
		t.Errorf("rand-guid: %q", a)
	}
}

func TestMessagesOfAnOutput(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][]string{
		`null`: nil, `[]`: {}, `"test"`: {"\xb5\xeb\x2d"}, `" te\tst\n"`: {"\xb5\xeb\x2d"}, `""`: {""},
		`"{\"a\":1}"`: {"{\n  \"a\": 1\n}"}, `" [1,2] "`: {"1", "2"}, `["test",null]`: {"test", ""},
	} {
		token, err := jtoken.Parse(in, jtoken.ParseDates)
		if err != nil {
			t.Fatal(err)
		}
		bodies, err := messages(token, false)
		var got []string
		if bodies != nil {
			got = []string{}
		}
		for _, b := range bodies {
			got = append(got, string(b))
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", in, err, diff)
		}
	}
	if _, err := messages(jtoken.Of("{oops}"), false); err == nil {
		t.Error("{oops} is no failure")
	}
	if bodies, err := messages(jtoken.Of("AP8B"), true); err != nil || string(bodies[0]) != "AP8B" {
		t.Errorf("binary output: %q, %v", bodies, err)
	}
}

func TestPlainWire(t *testing.T) {
	t.Parallel()
	plain := queueOptions{plainText: true}
	if got, err := plain.wire([]byte("\xb5\xeb-é")); err != nil || got != "\uFFFD\uFFFD-é" {
		t.Errorf("%q, %v", got, err)
	}
	for _, hexed := range []string{"00", "1b", "efbfbf"} {
		raw, err := hex.DecodeString(hexed)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := plain.wire(raw); err == nil {
			t.Errorf("%s goes out as %q", hexed, got)
		}
	}
}

func TestQueueNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"abc", "a-b-c", "q0123456789"} {
		if err := checkQueueName(name); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"", "ab", "-abc", "abc-", "a--b", "Abc", "a_b", "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg"} {
		if checkQueueName(name) == nil {
			t.Errorf("%q is taken", name)
		}
	}
}
