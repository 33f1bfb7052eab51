package funchost

import (
	"fmt"
	"maps"
	"os/exec"
	"regexp"
	"slices"
	"strings"
)

// storageSetting names the connection the host itself uses: leases, timer
// status, and queues that name no connection.
const storageSetting = "AzureWebJobsStorage"

// developmentStorage is Azurite's and the old emulator's well-known account.
// https://learn.microsoft.com/azure/storage/common/storage-connect-azurite
const developmentStorage = "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;" +
	"AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;" +
	"BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1;" +
	"QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1;" +
	"TableEndpoint=http://127.0.0.1:10002/devstoreaccount1;"

// settings are app settings and environment in one: exact names for the
// handler's environment, folded names for the host's own look-ups.
type settings struct {
	env    map[string]string
	folded map[string]string
}

func newSettings(app map[string]string, environ []string) settings {
	s := settings{env: maps.Clone(app), folded: map[string]string{}}
	if s.env == nil {
		s.env = map[string]string{}
	}
	for _, entry := range environ {
		if name, value, ok := strings.Cut(entry, "="); ok && name != "" {
			s.env[name] = value
		}
	}
	for name, value := range app {
		s.folded[fold(name)] = value
	}
	for _, entry := range environ {
		if name, value, ok := strings.Cut(entry, "="); ok && name != "" {
			s.folded[fold(name)] = value
		}
	}
	return s
}

// fold is how .NET's configuration compares names: without regard to case,
// with "__" in an environment variable standing for ":".
// https://learn.microsoft.com/dotnet/core/extensions/configuration-providers#environment-variable-configuration-provider
func fold(name string) string {
	return strings.ToLower(strings.ReplaceAll(name, "__", ":"))
}

func (s settings) lookup(name string) (string, bool) {
	v, ok := s.folded[fold(name)]
	return v, ok
}

func (s settings) environ() []string {
	env := make([]string, 0, len(s.env))
	for _, name := range slices.Sorted(maps.Keys(s.env)) {
		env = append(env, name+"="+s.env[name])
	}
	return env
}

// disabled reports whether a setting turns the function off. The underscore
// form is for platforms whose settings cannot hold dots.
// https://learn.microsoft.com/azure/azure-functions/disable-function
func (s settings) disabled(function string) bool {
	for _, name := range []string{
		"AzureWebJobs." + function + ".Disabled",
		"AzureWebJobs_" + function + "_Disabled",
	} {
		if v, ok := s.lookup(name); ok {
			return strings.EqualFold(v, "true") || v == "1"
		}
	}
	return false
}

// connection resolves the name of a storage connection to a connection string:
// first with the prefix AzureWebJobs, then as it is.
func (s settings) connection(name string) (string, error) {
	if name == "" {
		name = storageSetting
	}
	for _, key := range []string{"AzureWebJobs" + name, name, "ConnectionStrings:" + name} {
		v, ok := s.lookup(key)
		if !ok || v == "" {
			continue
		}
		if strings.Contains(strings.ToLower(v), "usedevelopmentstorage=true") {
			return developmentStorage, nil
		}
		return v, nil
	}
	return "", fmt.Errorf("storage connection %q: no connection string in the settings", name)
}

var settingName = regexp.MustCompile(`%([^%{}]+)%`)

// expand replaces %NAME% in a binding by the setting; a missing one is an error.
func (s settings) expand(text string) (string, error) {
	var missing error
	out := settingName.ReplaceAllStringFunc(text, func(m string) string {
		v, ok := s.lookup(strings.Trim(m, "%"))
		if !ok {
			missing = fmt.Errorf("setting %s: not set", m)
		}
		return v
	})
	return out, missing
}

// expandArgument replaces %NAME% by the environment variable; a missing one
// becomes nothing (DefaultWorkerProcessFactory).
func (s settings) expandArgument(text string) string {
	return settingName.ReplaceAllStringFunc(text, func(m string) string {
		return s.env[strings.Trim(m, "%")]
	})
}

// lookPath finds a program in the handler's PATH or, without one, the host's.
func (s settings) lookPath(program string) string {
	if found, err := exec.LookPath(program); err == nil {
		return found
	}
	return program
}
