package inspect

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Records of a zip that describe an entry, and where their fields are.
// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT 4.3.7, 4.3.12
var zipRecords = []struct {
	signature                              string
	version, flags, method, nameLen, fixed int // offsets; fixed is where the name begins
}{
	{"PK\x03\x04", 4, 6, 8, 26, 30},
	{"PK\x01\x02", 6, 8, 10, 28, 46},
}

const (
	maxZipName = 512 // longer names are not looked at, only their flags
	maxRecord  = 46 + maxZipName

	zipEncrypted = 1 << 0 // general purpose bit 0 (APPNOTE 4.4.4)
	zipReserved  = 0xD780 // bits 7-10, 12, 14, 15: never set
	zipNewest    = 63     // highest version needed to extract (4.4.3)
	zipLastHost  = 19     // highest system a version names (4.4.2)
	zipLastCode  = 99     // highest compression method (4.4.5)
)

// nestedTypes are the extensions of archives that may lie in an archive.
var nestedTypes = []string{".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".jar", ".cab", ".iso", ".lz4"}

// What a scan saw.
const (
	sawEncrypted = 1 << iota
	sawNested
	sawKnown // all bits known
)

// zipScan looks for the records of a zip in a stream. Every position is looked
// at once, with maxRecord bytes after it or the end of the file, so what it
// sees does not depend on where the stream is cut.
type zipScan struct {
	on   bool
	saw  byte
	tail []byte // bytes whose positions were not looked at yet
}

// scan looks at the positions of window that have enough bytes after them;
// window begins with the tail of the call before.
func (z *zipScan) scan(window []byte) {
	if !z.on {
		return
	}
	whole := max(0, len(window)-maxRecord+1)
	z.look(window, whole)
	z.tail = append(z.tail[:0], window[whole:]...)
}

// end looks at the rest: the file is over.
func (z *zipScan) end() {
	if z.on {
		z.look(z.tail, len(z.tail))
		z.tail = z.tail[:0]
	}
}

// look looks at the positions before end.
func (z *zipScan) look(window []byte, end int) {
	for at := 0; at < end; at++ {
		next := bytes.Index(window[at:], []byte("PK"))
		if next < 0 {
			return
		}
		if at += next; at < end {
			z.record(window[at:])
		}
	}
}

// record reads what may be a record. What cannot be one is compressed data
// that happens to look like its beginning.
func (z *zipScan) record(b []byte) {
	for _, r := range zipRecords {
		if len(b) < r.fixed || string(b[:len(r.signature)]) != r.signature {
			continue
		}
		flags := binary.LittleEndian.Uint16(b[r.flags:])
		if b[r.version] > zipNewest || b[r.version+1] > zipLastHost || flags&zipReserved != 0 ||
			binary.LittleEndian.Uint16(b[r.method:]) > zipLastCode {
			continue
		}
		if flags&zipEncrypted != 0 {
			z.saw |= sawEncrypted
		}
		name := b[r.fixed:]
		if n := int(binary.LittleEndian.Uint16(b[r.nameLen:])); n <= min(maxZipName, len(name)) &&
			slices.Contains(nestedTypes, strings.ToLower(path.Ext(string(name[:n])))) {
			z.saw |= sawNested
		}
	}
}

// append writes the scan's state after the hash's.
func (z *zipScan) append(state []byte) []byte {
	if !z.on {
		return state
	}
	return append(append(state, z.saw), z.tail...)
}

func (z *zipScan) unmarshal(state []byte) error {
	if !z.on && len(state) == 0 {
		return nil
	}
	if !z.on || len(state) == 0 || len(state) > maxRecord || state[0] >= sawKnown {
		return fmt.Errorf("scan state of %d bytes: %w", len(state), ErrProgress)
	}
	z.saw, z.tail = state[0], slices.Clone(state[1:])
	return nil
}
