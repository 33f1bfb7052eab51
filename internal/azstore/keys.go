package azstore

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// system is the partition of what belongs to no workspace.
const system = "system"

// The kinds of row. A row key is the kind and what identifies the row, joined
// by dots; a list is a range of keys with a common beginning.
const (
	kindWorkspace = "workspace." // system: workspace.<id>
	kindWanted    = "wanted."    // system: wanted.<id>
	kindStanding  = "standing."  // system: standing.<id>
	kindBlock     = "block."     // system: block.<address>.<bits>
	kindTemplate  = "template."  // system: template.<kind>!<parent>!<name>!<version>
	kindCurrent   = "current."   // system: current.<kind>!<parent>!<name>
	kindResource  = "resource."  // resource.<id>
	kindOperation = "operation." // operation.<resource>.<id>
	kindHistory   = "history."   // history.<resource>.<revision>
	kindStrange   = "strange."   // system: strange.<id>
	kindRequest   = "request."   // request.<id>
	kindOpen      = "open."      // open.<request>
	kindFile      = "file."      // file.<request>.<turn>.<hash of name>.<hash of ETag>
	kindDecision  = "decision."  // decision.<request>.<turn>.<oid>.<verb>
	kindMember    = "member."    // member.<oid>.<role>
	kindAudit     = "audit."     // audit.<request>.<seq>
	kindLetter    = "letter."    // letter.<request>.<id>
	kindHeartbeat = "heartbeat." // system: heartbeat.<source>.<instance>
	kindPerson    = "person."    // people: person.<oid>
	kindName      = "name."      // names: name.<suffix>

	keyRoll  = "roll"  // one a workspace
	keyFleet = "fleet" // one a workspace
	keyDrift = "drift" // system: one
)

// plainKey is the longest id that stands in a key as it is: keys may hold 1 KiB.
// https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
const plainKey = 64

// part makes an id part of a key. Ids are UUIDs and stand as they are, which
// keeps their order; anything else is hashed, so that no text can break a key
// or leave its place in it.
func part(id string) string {
	if id != "" && len(id) <= plainKey && !strings.ContainsFunc(id, odd) {
		return id
	}
	return "=" + hash(id)
}

func odd(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// etagDigits of the ETag's hash tell the versions of one name apart.
const etagDigits = 16

func filesPrefix(slot airlock.Slot) string {
	return fmt.Sprintf("%s%s.%02d.", kindFile, part(slot.Key.Request), slot.Turn)
}

func fileKey(slot airlock.Slot, name, etag string) string {
	return filesPrefix(slot) + hash(name) + "." + hash(etag)[:etagDigits]
}

func decisionKey(request string, d airlock.Decision) string {
	return fmt.Sprintf("%s%s.%02d.%s.%s", kindDecision, part(request), d.Turn, part(d.By.OID), part(string(d.Verb)))
}

func memberKey(oid string, role access.Role) string {
	return kindMember + part(oid) + "." + part(string(role))
}

func auditPrefix(request string) string { return kindAudit + part(request) + "." }

func auditKey(request string, seq int) string {
	return fmt.Sprintf("%s%08d", auditPrefix(request), seq)
}

func operationsPrefix(resource string) string { return kindOperation + part(resource) + "." }

func historyPrefix(resource string) string { return kindHistory + part(resource) + "." }

// blockKey orders blocks by their addresses.
func blockKey(net netip.Prefix) string {
	return fmt.Sprintf("%s%x.%03d", kindBlock, net.Addr().As16(), net.Bits())
}

// templateName is what the versions of a template have in common in their keys.
// What parts it sorts before all that names hold, so that a name comes before
// those that begin with it.
func templateName(kind workspace.Kind, parent, name string) string {
	return part(string(kind)) + "!" + part(parent) + "!" + part(name)
}

// templateKey ends with the version, in which a dot parts nothing more.
func templateKey(kind workspace.Kind, parent, name, version string) string {
	if undotted := strings.ReplaceAll(version, ".", ""); part(undotted) != undotted {
		version = "=" + hash(version)
	}
	return kindTemplate + templateName(kind, parent, name) + "!" + version
}

func letterKey(request, id string) string { return kindLetter + part(request) + "." + part(id) }
