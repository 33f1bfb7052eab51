package airlock

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// manifestSchema is the version of the form in which manifests are written.
const manifestSchema = 1

// Manifest is what a reviewer approves and what a delivery is held against:
// every file of the sealed container, and what was found of it.
type Manifest struct {
	Schema    int     `json:"schema"`
	Workspace string  `json:"workspaceId"`
	Request   string  `json:"requestId"`
	Type      Type    `json:"type"`
	Turn      int     `json:"turn"`
	Files     []Entry `json:"files"` // in the order of the names' bytes
}

// Entry is one file of a manifest.
type Entry struct {
	Name     string       `json:"name"`
	Size     int64        `json:"size"`   // bytes
	SHA256   string       `json:"sha256"` // lower-case hex
	ETag     string       `json:"etag"`   // of the sealed blob
	Type     string       `json:"type"`   // media type by content
	Verdict  VerdictClass `json:"verdict,omitempty"`
	Findings []Finding    `json:"findings,omitempty"`
}

// NewManifest describes the sealed files among files.
func NewManifest(r Request, files []File) Manifest {
	m := Manifest{Schema: manifestSchema, Workspace: r.Workspace, Request: r.ID, Type: r.Type, Turn: r.Turn, Files: []Entry{}}
	for _, f := range files {
		if !f.Listed() || !f.Sealed() || f.Inspection == nil {
			continue
		}
		m.Files = append(m.Files, Entry{Name: f.Name, Size: f.Inspection.Size, SHA256: f.Inspection.SHA256,
			ETag: f.Seal.ETag, Type: f.Inspection.Type, Verdict: f.Class(), Findings: f.Inspection.Findings})
	}
	return m
}

// Canonical is the manifest's one byte form, and its digest: lower-case hex of
// the SHA-256 of those bytes. Field order is fixed by the types, files are
// sorted by name, text is UTF-8 without HTML escapes, no white space.
func (m Manifest) Canonical() (text []byte, digest string, err error) {
	m.Files = append([]Entry{}, m.Files...)
	slices.SortStableFunc(m.Files, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(m); err != nil {
		return nil, "", fmt.Errorf("manifest: %w", err)
	}
	text = []byte(strings.TrimSuffix(b.String(), "\n"))
	return text, Digest(text), nil
}

// ReadManifest parses a manifest and checks that it is the one of this digest.
// ErrInvalid: it is not.
func ReadManifest(text []byte, digest string) (Manifest, error) {
	if got := Digest(text); got != digest {
		return Manifest{}, fmt.Errorf("manifest: digest is %s, not %s: %w", got, digest, ErrInvalid)
	}
	var m Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return Manifest{}, fmt.Errorf("manifest: %w: %w", err, ErrInvalid)
	}
	if m.Schema != manifestSchema {
		return Manifest{}, fmt.Errorf("manifest: schema %d, only %d is known: %w", m.Schema, manifestSchema, ErrInvalid)
	}
	return m, nil
}

// Digest is the lower-case hex SHA-256 of text.
func Digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
