package expr

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"net/url"
	"strings"
)

var codecFunctions = map[string]plain{
	"base64": of1(func(s string) any { return base64.StdEncoding.EncodeToString([]byte(s)) }),
	"base64tostring": func(args []any) (any, error) {
		s, err := decoded(args)
		return s, err
	},
	"base64tojson": func(args []any) (any, error) {
		s, err := decoded(args)
		if err != nil {
			return nil, err
		}
		return fromJSON(s)
	},
	"json": func(args []any) (any, error) {
		s, err := arg[string](args, 0)
		if err != nil {
			return nil, err
		}
		return fromJSON(s)
	},
	"datauri": of1(func(v any) any {
		return "data:text/plain;charset=utf-8;base64," + base64.StdEncoding.EncodeToString([]byte(toText(v)))
	}),
	"datauritostring": func(args []any) (any, error) {
		s, err := arg[string](args, 0)
		if err != nil {
			return nil, err
		}
		head, data, ok := strings.Cut(s, ",")
		if !ok || !strings.HasPrefix(head, "data:") || !strings.HasSuffix(head, ";base64") {
			return nil, errors.New("the text is not a data URI in base64")
		}
		return decoded([]any{data})
	},
	"uri": of2(func(base, relative string) (any, error) {
		b, err := url.Parse(base)
		if err != nil {
			return nil, fmt.Errorf("'%s' is not a URI", base)
		}
		r, err := url.Parse(relative)
		if err != nil {
			return nil, fmt.Errorf("'%s' is not a URI", relative)
		}
		return b.ResolveReference(r).String(), nil
	}),
	"uricomponent": of1(func(s string) any { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }),
	"uricomponenttostring": func(args []any) (any, error) {
		s, err := arg[string](args, 0)
		if err != nil {
			return nil, err
		}
		return url.PathUnescape(s)
	},
}

func decoded(args []any) (string, error) {
	s, err := arg[string](args, 0)
	if err != nil {
		return "", err
	}
	text, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return "", errors.New("the text is not base64")
	}
	return string(text), nil
}

// uniqueString prints a 64-bit MurmurHash3 in thirteen characters of base 32.
// Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-string#uniquestring
func uniqueString(s string) string {
	const alphabet = "abcdefghijklmnopqrstuvwxyz234567"
	hash := murmur64([]byte(s))
	out := make([]byte, 13)
	for i := range out {
		out[i] = alphabet[hash>>59]
		hash <<= 5
	}
	return string(out)
}

// murmur64 is the two-lane variant of MurmurHash3 that Resource Manager uses, with seed 0.
func murmur64(data []byte) uint64 {
	const c1, c2 = 0x239b961b, 0xab0e9789
	var h1, h2 uint32
	length := uint32(len(data))
	first := func(k uint32) { h1 ^= bits.RotateLeft32(k*c1, 15) * c2 }
	second := func(k uint32) { h2 ^= bits.RotateLeft32(k*c2, 17) * c1 }
	for ; len(data) >= 8; data = data[8:] {
		first(binary.LittleEndian.Uint32(data))
		h1 = (bits.RotateLeft32(h1, 19)+h2)*5 + 0x561ccd1b
		second(binary.LittleEndian.Uint32(data[4:]))
		h2 = (bits.RotateLeft32(h2, 13)+h1)*5 + 0x0bcaa747
	}
	var tail [8]byte
	copy(tail[:], data)
	if len(data) > 0 {
		first(binary.LittleEndian.Uint32(tail[:]))
	}
	if len(data) > 4 {
		second(binary.LittleEndian.Uint32(tail[4:]))
	}
	h1 ^= length
	h2 ^= length
	h1 += h2
	h2 += h1
	h1, h2 = avalanche(h1), avalanche(h2)
	h1 += h2
	h2 += h1
	return uint64(h2)<<32 | uint64(h1)
}

func avalanche(h uint32) uint32 {
	h ^= h >> 16
	h *= 0x85ebca6b
	h ^= h >> 13
	h *= 0xc2b2ae35
	return h ^ h>>16
}
