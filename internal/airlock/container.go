package airlock

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// Key addresses a request. There is no way to name one without its workspace,
// so an object of another workspace cannot even be asked for.
type Key struct {
	Workspace string `json:"workspace"` // UUID
	Request   string `json:"request"`   // UUID
}

// Kind is what a container is for.
type Kind string

// The kinds of container a request owns.
const (
	DraftFiles    Kind = "draft"    // the requester drops into it, write-only
	SealedFiles   Kind = "sealed"   // copied out of the requester's reach; reviewed, released
	ReleasedFiles Kind = "released" // on the other side of the boundary
	RescanFiles   Kind = "rescan"   // copies that ask the scanner again
)

// MaxNumber is the highest number of a turn or an attempt: two digits keep a
// container's name within Azure's 63 characters.
// https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata
const MaxNumber = 99

// Container names one container of a request.
type Container struct {
	Kind   Kind
	Key    Key
	Number int // turn of draft, sealed and rescan; attempt of released
}

// ErrName means that a text is no name of a container of ours.
var ErrName = errors.New("no container of the airlock")

// String is the container's name in its account:
// <kind>-<workspace>-<request>-<number>, ids in base 36.
func (c Container) String() string {
	return fmt.Sprintf("%s-%s-%s-%d", c.Kind, base36(c.Key.Workspace), base36(c.Key.Request), c.Number)
}

// ParseContainer reads a container's name. It returns ErrName for any other.
func ParseContainer(name string) (Container, error) {
	parts := strings.Split(name, "-")
	if len(parts) != 4 {
		return Container{}, fmt.Errorf("%.63q: %w", name, ErrName)
	}
	kind := Kind(parts[0])
	workspace, wsOK := fromBase36(parts[1])
	request, reqOK := fromBase36(parts[2])
	number, err := strconv.Atoi(parts[3])
	c := Container{Kind: kind, Key: Key{Workspace: workspace, Request: request}, Number: number}
	if !wsOK || !reqOK || err != nil || !known(kind) || number < 1 || number > MaxNumber || c.String() != name {
		return Container{}, fmt.Errorf("%.63q: %w", name, ErrName)
	}
	return c, nil
}

func known(k Kind) bool {
	return k == DraftFiles || k == SealedFiles || k == ReleasedFiles || k == RescanFiles
}

// AirlockAccount stands for the one account that faces outside; the other
// accounts go by their storage account's name.
const AirlockAccount = "airlock"

// Place is a container in its account.
type Place struct {
	Account   string // AirlockAccount, or the name of a workspace's storage account
	Container string
}

// Place says where a container of the request lives. Imports are drafted
// outside and released inside, exports the other way; sealed and rescan stay
// where the draft is.
func (r Request) Place(kind Kind, number int) Place {
	outside := r.Type == Import
	if kind == ReleasedFiles {
		outside = !outside
	}
	c := Container{Kind: kind, Key: r.Key(), Number: number}
	if outside {
		return Place{Account: AirlockAccount, Container: c.String()}
	}
	return Place{Account: r.WorkspaceAccount, Container: c.String()}
}

const base36Len = 25 // digits of the largest UUID in base 36

func base36(id string) string {
	u, err := uuid.Parse(id)
	if err != nil {
		return "invalid" // never parsed back; ids are checked where they come in
	}
	text := new(big.Int).SetBytes(u[:]).Text(36)
	return strings.Repeat("0", base36Len-len(text)) + text
}

func fromBase36(text string) (string, bool) {
	if len(text) != base36Len {
		return "", false
	}
	n, ok := new(big.Int).SetString(text, 36)
	if !ok || n.Sign() < 0 || n.BitLen() > 128 {
		return "", false
	}
	var u uuid.UUID
	n.FillBytes(u[:])
	return u.String(), true
}
