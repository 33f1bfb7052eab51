package template

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/semver"
)

// Why a resource may not go from one version of its template to another.
var (
	ErrVersion   = errors.New("version is not registered")
	ErrMajor     = errors.New("major version upgrade has to be forced")
	ErrDowngrade = errors.New("version downgrade has to be forced")
)

// maxVersion is the longest version, in characters: it is part of row keys.
const maxVersion = 64

// ValidVersion tells whether v is a whole semantic version, such as 1.2.3 or
// 1.2.3-beta.1. One with a build part is not: two of them could be equal and
// different.
// https://semver.org
func ValidVersion(v string) bool {
	core, _, _ := strings.Cut(v, "-")
	return len(v) <= maxVersion && semver.IsValid("v"+v) && strings.Count(core, ".") == 2 && !strings.Contains(v, "+")
}

// Compare returns a negative number if a comes before b in the order of
// semantic versions, 0 if they are the same, a positive number otherwise. What is
// no version comes before all.
func Compare(a, b string) int { return semver.Compare("v"+a, "v"+b) }

// Upgrade is a version that a resource can be brought to, with AzureTRE's names.
type Upgrade struct {
	Version             string `json:"version"`
	ForceUpdateRequired bool   `json:"forceUpdateRequired"` // a higher major version
}

// Upgrades lists the versions above the current one, lowest first.
func Upgrades(current string, all []string) []Upgrade {
	higher := slices.DeleteFunc(slices.Clone(all), func(v string) bool { return !ValidVersion(v) || Compare(v, current) <= 0 })
	slices.SortFunc(higher, Compare)
	upgrades := make([]Upgrade, 0, len(higher))
	for _, v := range slices.Compact(higher) {
		upgrades = append(upgrades, Upgrade{Version: v, ForceUpdateRequired: major(v) != major(current)})
	}
	return upgrades
}

func major(v string) string { return semver.Major("v" + v) }

// MayUpgrade returns nil if a resource may go from one version to another one of
// those that are registered: ErrVersion if it is not, ErrMajor and ErrDowngrade
// if that has to be forced and is not.
func MayUpgrade(from, to string, registered []string, force bool) error {
	switch {
	case !ValidVersion(to) || !slices.Contains(registered, to):
		return fmt.Errorf("version %.64q: %w", to, ErrVersion)
	case force:
		return nil
	case Compare(to, from) < 0:
		return fmt.Errorf("from %s to %s: %w", from, to, ErrDowngrade)
	case major(to) != major(from):
		return fmt.Errorf("from %s to %s: %w", from, to, ErrMajor)
	}
	return nil
}
