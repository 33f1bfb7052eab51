package defender

import (
	"bytes"
	"io"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

// TestEICARIsFoundHoweverItIsRead cuts the content into reads of any size.
func TestEICARIsFoundHoweverItIsRead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		before := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "before")
		after := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "after")
		size := rapid.IntRange(1, 100).Draw(t, "read size")
		content := bytes.Join([][]byte{before, []byte(EICAR), after}, nil)
		if name, err := findEICAR(reads(content, size)); err != nil || name == "" {
			t.Errorf("EICAR behind %d bytes in reads of %d: %q, %v", len(before), size, name, err)
		}
		content[len(before)+size%len(EICAR)] ^= 1
		if name, err := findEICAR(reads(content, size)); err != nil || name != "" {
			t.Errorf("damaged EICAR: %q, %v", name, err)
		}
	})
}

func TestUnreadableContentIsNotClean(t *testing.T) {
	t.Parallel()
	if _, err := findEICAR(iotest.ErrReader(io.ErrUnexpectedEOF)); err == nil {
		t.Error("a broken read passes as clean")
	}
}

// reads gives out at most n bytes at a time.
func reads(content []byte, n int) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		if len(content) == 0 {
			return 0, io.EOF
		}
		got := copy(p[:min(n, len(p))], content)
		content = content[got:]
		return got, nil
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func FuzzParseReply(f *testing.F) {
	for _, seed := range []string{"stream: OK\x00", "stream: X FOUND\x00", "INSTREAM size limit exceeded. ERROR\x00", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, reply string) {
		name, err := parseReply(reply, nil)
		if err == nil && name == "" && !bytes.Contains([]byte(reply), []byte("OK")) && !bytes.Contains([]byte(reply), []byte("FOUND")) {
			t.Errorf("%q passes as clean", reply)
		}
		if _, err := parseReply(reply, io.ErrShortWrite); err == nil && !bytes.Contains([]byte(reply), []byte("FOUND")) {
			t.Errorf("%q passes as clean after a broken stream", reply)
		}
	})
}
