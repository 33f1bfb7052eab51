package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// Question is what is asked on a terminal for a value that no flag gave.
type Question struct {
	Flag    string   // that gives the answer too, for where nobody can be asked
	Text    string   // what is asked
	Choices []string // the only answers; empty means any
	Default string   // for an empty answer; "" means one is needed
	Secret  bool     // what is typed is not shown
}

// Ask returns the value, or asks for it when it is empty. Where nobody can be
// asked it is an error that names the flag.
func (c *Context) Ask(ctx context.Context, value string, q Question) (string, error) {
	if value != "" {
		return value, nil
	}
	if !c.May() {
		if q.Default != "" {
			return q.Default, nil
		}
		return "", &Error{Code: Usage, Err: fmt.Errorf("--%s is missing", q.Flag), Hint: "it is asked for on a terminal only"}
	}
	for {
		c.prompt(q)
		answer, err := c.readLine(ctx, q.Secret)
		if err != nil {
			return "", err
		}
		if answer == "" {
			answer = q.Default
		}
		if answer, ok := q.take(answer); ok {
			return answer, nil
		}
		c.Screen.Line("%s", q.wrong())
	}
}

func (c *Context) prompt(q Question) {
	text := q.Text
	if len(q.Choices) > 0 {
		text += " (" + q.choices() + ")"
	}
	if q.Default != "" {
		text += " [" + q.Default + "]"
	}
	fmt.Fprint(c.Err, text+": ") //nolint:errcheck // nobody is left to tell
}

// shownChoices is how many choices are listed.
const shownChoices = 12

func (q Question) choices() string {
	text := strings.Join(q.Choices[:min(len(q.Choices), shownChoices)], ", ")
	if len(q.Choices) > shownChoices {
		text += ", …"
	}
	return text
}

// take is the choice that the answer is, or begins, whatever the case.
func (q Question) take(answer string) (string, bool) {
	if answer == "" || len(q.Choices) == 0 {
		return answer, answer != ""
	}
	var fit []string
	for _, choice := range q.Choices {
		if strings.EqualFold(choice, answer) {
			return choice, true
		}
		if hasPrefixFold(choice, answer) {
			fit = append(fit, choice)
		}
	}
	if len(fit) != 1 {
		return "", false
	}
	return fit[0], true
}

func (q Question) wrong() string {
	if len(q.Choices) > 0 {
		return "One of these, please: " + q.choices()
	}
	return "An answer is needed here."
}

// maxLine bounds an answer, in bytes: the longest field of the API is far below.
const maxLine = 64 << 10

// readLine reads one line of what a person types, or until ctx ends. It reads
// no further than the line.
func (c *Context) readLine(ctx context.Context, secret bool) (string, error) {
	type read struct {
		text string
		err  error
	}
	done := make(chan read, 1)
	restore := func() {}
	if file, ok := c.In.(*os.File); ok && secret {
		if before, err := term.GetState(int(file.Fd())); err == nil { // so that the terminal shows again what is typed
			restore = func() { _ = term.Restore(int(file.Fd()), before) }
		}
	}
	go func() {
		text, err := c.line(secret)
		done <- read{text, err}
	}()
	select {
	case <-ctx.Done():
		restore()
		fmt.Fprintln(c.Err)
		return "", ctx.Err()
	case r := <-done:
		return r.text, r.err
	}
}

func (c *Context) line(secret bool) (string, error) {
	if file, ok := c.In.(*os.File); ok && secret && term.IsTerminal(int(file.Fd())) {
		text, err := term.ReadPassword(int(file.Fd()))
		fmt.Fprintln(c.Err)
		return strings.TrimSpace(string(text)), err
	}
	if c.typed == nil {
		c.typed = bufio.NewReaderSize(c.In, maxLine)
	}
	text, err := c.typed.ReadString('\n')
	switch {
	case errors.Is(err, io.EOF) && text == "":
		return "", Misused("the input ended before there was an answer")
	case err != nil && !errors.Is(err, io.EOF):
		return "", err
	}
	return strings.TrimSpace(text), nil
}

// Sure asks for a yes before something that cannot be undone; yes is what a
// flag said. Where nobody can be asked, only the flag counts.
func (c *Context) Sure(ctx context.Context, yes bool, text string) error {
	if yes {
		return nil
	}
	if !c.May() {
		return &Error{Code: Usage, Err: errors.New("this cannot be undone, and nobody can be asked"), Hint: "say --yes if you are sure"}
	}
	answer, err := c.Ask(ctx, "", Question{Text: text, Choices: []string{"yes", "no"}, Default: "no"})
	if err == nil && answer != "yes" {
		err = &Error{Code: Failed, Err: errors.New("not done")}
	}
	return err
}
