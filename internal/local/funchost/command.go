package funchost

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// description is customHandler.description of host.json.
type description struct {
	executable      string
	directory       string
	arguments       []string
	workerPath      string
	workerArguments []string
}

// command is how to start the handler.
type command struct {
	path string
	args []string
	dir  string
}

// newCommand follows HttpWorkerDescription and DefaultWorkerProcessFactory: a
// file of that name in the script root wins over the system path, and
// all arguments become one line that is split again at its spaces.
func (s settings) newCommand(root string, d description) (*command, error) {
	dir := root
	if d.directory != "" {
		dir = d.directory
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(root, dir)
		}
	}
	executable := s.expandArgument(d.executable)
	if executable == "" {
		return nil, errors.New("WorkerDescription DefaultExecutablePath cannot be empty")
	}
	path := executable
	if !filepath.IsAbs(path) {
		path = filepath.Join(root, path)
	}
	if info, err := os.Stat(path); err != nil || info.IsDir() {
		path = s.lookPath(executable)
	}
	line := strings.Join(d.arguments, " ")
	if d.workerPath != "" {
		line += ` "` + d.workerPath + `"`
	}
	line += " " + strings.Join(d.workerArguments, " ")
	return &command{path: path, args: splitArguments(s.expandArgument(line)), dir: dir}, nil
}

// splitArguments splits a command line as .NET's Process does: at white space,
// with double quotes holding words together.
func splitArguments(line string) []string {
	var (
		args   []string
		word   strings.Builder
		inWord bool
		quoted bool
	)
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\' && i+1 < len(line) && line[i+1] == '"':
			word.WriteByte('"')
			inWord = true
			i++
		case c == '"':
			quoted, inWord = !quoted, true
		case (c == ' ' || c == '\t') && !quoted:
			if inWord {
				args = append(args, word.String())
				word.Reset()
				inWord = false
			}
		default:
			word.WriteByte(c)
			inWord = true
		}
	}
	if inWord {
		args = append(args, word.String())
	}
	return args
}
