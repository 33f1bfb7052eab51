package config

import (
	"errors"
	"fmt"
	"reflect"
)

// minCookieKey is the fewest characters of a key that seals cookies: 256 bits even if each character carried only eight.
const minCookieKey = 32

// fields returns the settings of c with their places in it, in the order of the struct.
func fields(c *Config) []field {
	return walk(reflect.ValueOf(c).Elem())
}

// walk collects the settings of a struct: its own fields and those of the groups within it.
func walk(group reflect.Value) []field {
	var all []field
	for tag, value := range group.Fields() {
		name, isSetting := tag.Tag.Lookup("envconfig")
		switch {
		case !isSetting:
			all = append(all, walk(value)...)
		case value.Type() == reflect.TypeFor[Storage]():
			all = append(all, account(name, tag, value)...)
		default:
			all = append(all, setting(name, tag, value))
		}
	}
	return all
}

// account returns the settings of a storage account. Which of them are missing only all of them together can tell.
func account(name string, account reflect.StructField, value reflect.Value) []field {
	var all []field
	whole := setting(name, account, value)
	for tag, part := range value.Fields() {
		f := setting(name+tag.Tag.Get("envconfig"), tag, part)
		f.Front, f.Engine = whole.Front, whole.Engine
		f.Description = whole.Description + ": " + f.Description
		all = append(all, f)
	}
	return all
}

func setting(name string, tag reflect.StructField, value reflect.Value) field {
	app := tag.Tag.Get("app")
	return field{
		Setting: Setting{
			Name:        name,
			Default:     tag.Tag.Get("default"),
			Unit:        tag.Tag.Get("unit"),
			Description: tag.Tag.Get("desc"),
			Front:       app == "front" || app == "both",
			Engine:      app == "engine" || app == "both",
			Required:    tag.Tag.Get("required") == "true",
			Secret:      tag.Type == reflect.TypeFor[Secret]() || tag.Type == reflect.TypeFor[Secrets](),
			FromHost:    tag.Tag.Get("by") == "host",
		},
		value: value,
		min:   tag.Tag.Get("min"),
		max:   tag.Tag.Get("max"),
	}
}

// check tells what is wrong with settings that are right one by one.
func (c Config) check() []error {
	problems := []error{c.Accounts.State.check("TRE_STATE"), c.Accounts.Airlock.check("TRE_AIRLOCK")}
	if c.App.Engine() {
		if (c.Mail.Username == "") != c.Mail.Password.IsZero() {
			problems = append(problems, errors.New("TRE_SMTP_USERNAME: a user without a password, or the other way round: set TRE_SMTP_PASSWORD too, or neither"))
		}
		if w := c.Work; w.DeliverBusy >= w.HintAfter && w.HintAfter > 0 {
			problems = append(problems, fmt.Errorf("TRE_DELIVER_BUSY: %v is not less than TRE_HINT_AFTER (%v), after which a second delivery would begin beside the first: "+
				"set a third of it or so", w.DeliverBusy, w.HintAfter))
		}
	}
	if c.App.Front() {
		problems = append(problems, c.SignIn.check(), c.Tokens.check())
	}
	problems = append(problems, c.Workspaces.check(c.App)...)
	for _, key := range c.SignIn.CookieKeys {
		if len(key.Reveal()) < minCookieKey {
			problems = append(problems, errors.New("TRE_COOKIE_KEYS: a key is shorter than 32 characters: set longer random ones"))
			break
		}
	}
	if c.Host.Margin >= c.Host.Timeout && c.Host.Timeout > 0 {
		problems = append(problems, errors.New("TRE_FUNCTION_MARGIN: not less than TRE_FUNCTION_TIMEOUT: set a few seconds"))
	}
	return problems
}
