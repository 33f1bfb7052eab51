package config

import (
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/kelseyhightower/envconfig"
)

// Lookup finds a setting by its name in upper case, as [os.LookupEnv] does.
type Lookup func(name string) (string, bool)

// Environment looks settings up in the process's environment without regard to case, as .NET does: an operator who writes
// TRE_STATE__accountName, as Azure's pages do, means the same setting.
func Environment() Lookup {
	settings := make(map[string]string)
	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		upper := strings.ToUpper(name)
		if _, taken := settings[upper]; !taken || name == upper {
			settings[upper] = value
		}
	}
	return func(name string) (string, bool) {
		value, ok := settings[name]
		return value, ok
	}
}

// Setting describes one setting.
type Setting struct {
	Name        string
	Default     string // what an unset one means; empty if there is none
	Unit        string // of a number; durations carry theirs in the text, such as 90s or 24h
	Description string
	Front       bool // read by the front app
	Engine      bool // read by the engine app
	Required    bool // no start without it; which of an account's settings must be set depends on the others
	Secret      bool // never shown
	FromHost    bool // set by the Functions host itself
}

// Settings describes every setting, in the order of Config.
func Settings() []Setting {
	var all []Setting
	var c Config
	for _, f := range fields(&c) {
		all = append(all, f.Setting)
	}
	return all
}

// Load reads the settings of the app that TRE_APP names. The error joins everything that is wrong, a line for each setting:
// its name, what is wrong with it, and what to set.
func Load(lookup Lookup) (Config, error) {
	var c Config
	var problems []error
	for _, f := range fields(&c) {
		// TRE_APP comes first. While it is unknown everything is read, and nothing else is missed.
		if c.App == AppFront && !f.Front || c.App == AppEngine && !f.Engine {
			continue
		}
		if err := f.read(lookup, c.App != ""); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w: set %s", f.Name, err, f.hint()))
		}
	}
	if c.App != "" {
		problems = append(problems, c.check()...)
	}
	if err := errors.Join(problems...); err != nil {
		return Config{}, err
	}
	return c, nil
}

// Roots returns the authorities to trust: the system's and those of TRE_CA_FILE. It is nil when that is not set, which
// means the system's to everything in Go that takes a pool.
func (h Host) Roots() (*x509.CertPool, error) {
	if h.TrustFile == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(h.TrustFile)
	if err != nil {
		return nil, fmt.Errorf("TRE_CA_FILE: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a system without authorities of its own
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("TRE_CA_FILE: no certificate in the file")
	}
	return pool, nil
}

// field is a setting and the place it is read into.
type field struct {
	Setting
	value    reflect.Value
	min, max string
}

// hint says what to set.
func (f field) hint() string {
	hint := f.Description
	if f.Unit != "" {
		hint += ", in " + f.Unit
	}
	if f.Default != "" {
		hint += ", or nothing for " + f.Default
	}
	return hint
}

// read puts what lookup finds into the field. Accounts are missed in check, where all of their settings are known.
func (f field) read(lookup Lookup, started bool) error {
	text, _ := lookup(f.Name)
	text = cmp.Or(strings.TrimSpace(text), f.Default) // an empty setting is an unset one
	if text == "" {
		if f.Required && (started || f.Name == "TRE_APP") {
			return errors.New("not set")
		}
		return nil
	}
	if unresolved(text) {
		return errors.New("a reference to Key Vault that Azure has not resolved")
	}
	if err := assign(f.value, text); err != nil {
		if f.Secret {
			return errors.New("not readable") // the cause may quote it
		}
		return err
	}
	return f.bound()
}

// unresolved tells a reference that App Service could not follow: the app then gets the reference itself, which is long
// enough for a key and known to everybody who knows the vault's name.
// https://learn.microsoft.com/azure/app-service/app-service-key-vault-references
func unresolved(text string) bool {
	const begin = "@microsoft.keyvault("
	return len(text) >= len(begin) && strings.EqualFold(text[:len(begin)], begin)
}

// assign has envconfig read text into v. It looks only at the environment, so it is shown a struct of one field whose
// default is the text, under a name that no environment can hold.
func assign(v reflect.Value, text string) error {
	one := reflect.New(reflect.StructOf([]reflect.StructField{{
		Name: "V", Type: v.Type(), Tag: reflect.StructTag(`envconfig:"=" default:` + strconv.Quote(text)),
	}}))
	err := envconfig.Process("", one.Interface())
	if parse, ok := errors.AsType[*envconfig.ParseError](err); ok {
		err = parse.Err
	}
	if err == nil {
		v.Set(one.Elem().Field(0))
	}
	return err
}

// bound refuses numbers and durations outside their bounds.
func (f field) bound() error {
	if !f.value.CanInt() || f.value.Type().PkgPath() == "log/slog" {
		return nil
	}
	for _, b := range []struct {
		text, word string
		sign       int
	}{{cmp.Or(f.min, "1"), "less", -1}, {f.max, "more", 1}} {
		if b.text == "" {
			continue
		}
		limit := reflect.New(f.value.Type()).Elem()
		if err := assign(limit, withUnit(limit, b.text)); err != nil {
			return err
		}
		if cmp.Compare(f.value.Int(), limit.Int()) == b.sign {
			return fmt.Errorf("%v is %s than %s", f.value.Interface(), b.word, b.text)
		}
	}
	return nil
}

// withUnit lets the bounds of durations be written as numbers of nanoseconds, which the default bound is.
func withUnit(v reflect.Value, text string) string {
	if _, err := strconv.Atoi(text); err == nil && v.Type() == reflect.TypeFor[time.Duration]() {
		return text + "ns"
	}
	return text
}
