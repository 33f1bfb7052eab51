package funchost_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"
)

// script is what the recording handler answers, in the recordings' own format.
type script struct {
	Record     string     // file the handler appends what it saw to
	Responses  []response // used up in order; the last one repeats
	ByFunction map[string][]response
	Ping       int           // status of GET /; 0 is 200
	Listen     time.Duration // wait so long before listening
	Never      bool          // never listen
	Exit       *int          // exit at once with this code
	Stderr     string        // written before Exit
	Scale      float64       // delays are multiplied by it
}

type response struct {
	Status  int         `json:"status"`
	Headers [][2]string `json:"headers"`
	Body    string      `json:"body"`
	Delay   float64     `json:"delay"` // seconds before the answer
	Kill    *int        `json:"kill"`  // exit code instead of an answer; 256 is 0
	Stdout  string      `json:"stdout"`
	Stderr  string      `json:"stderr"`
	Chunked []struct {
		Data  string  `json:"data"`
		Delay float64 `json:"delay"` // seconds after the chunk
	} `json:"chunked"`
}

// seen is one line of the record file.
type seen struct {
	Start   *start   `json:",omitempty"`
	Request *request `json:",omitempty"`
	Signal  string   `json:",omitempty"`
	Done    string   `json:",omitempty"` // path of a request that was answered
}

type start struct {
	Args []string
	Env  map[string]string
	Dir  string
	Time time.Time
}

type request struct {
	Method       string      `json:"method"`
	Path         string      `json:"path"`
	Headers      [][2]string `json:"headers"`
	Framing      string      `json:"framing"`
	Body         string      `json:"body"`
	BodyEncoding string      `json:"bodyEncoding"`
	Time         time.Time   `json:"time"`
}

type recorder struct {
	script script
	file   *os.File

	mu   sync.Mutex
	used map[string]int
}

// playHandler is the handler process: a server on raw sockets that writes down
// what it gets and answers from its script.
func playHandler(path string) {
	raw, err := os.ReadFile(path)
	check(err)
	var s script
	check(json.Unmarshal(raw, &s))
	if s.Exit != nil {
		fmt.Fprint(os.Stderr, s.Stderr)
		os.Exit(*s.Exit)
	}
	file, err := os.OpenFile(s.Record, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	check(err)
	r := &recorder{script: s, file: file, used: map[string]int{}}
	dir, err := os.Getwd()
	check(err)
	env := map[string]string{}
	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		env[name] = value
	}
	r.write(seen{Start: &start{Args: os.Args[1:], Env: env, Dir: dir, Time: time.Now()}})
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		for sig := range signals {
			r.write(seen{Signal: sig.String()})
		}
	}()
	if s.Never {
		select {}
	}
	<-time.After(s.Listen)
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("FUNCTIONS_CUSTOMHANDLER_PORT"))
	check(err)
	for {
		conn, err := listener.Accept()
		check(err)
		go r.serve(conn)
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "recording handler:", err)
		os.Exit(99)
	}
}

func (r *recorder) write(s seen) {
	line, err := json.Marshal(s)
	check(err)
	_, err = r.file.Write(append(line, '\n')) // one write, so lines never mix
	check(err)
}

func (r *recorder) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	in := bufio.NewReader(conn)
	for {
		req, err := readRequest(in)
		if err != nil {
			return
		}
		if req.Method == http.MethodGet && req.Path == "/" {
			status := r.script.Ping
			if status == 0 {
				status = http.StatusOK
			}
			r.write(seen{Request: &req})
			fmt.Fprintf(conn, "HTTP/1.1 %d x\r\nContent-Length: 0\r\n\r\n", status)
			continue
		}
		answer := r.next(req)
		r.write(seen{Request: &req})
		r.answer(conn, answer)
		r.write(seen{Done: req.Path})
	}
}

// next takes the next scripted answer, of the function's own list if it has one.
func (r *recorder) next(req request) response {
	r.mu.Lock()
	defer r.mu.Unlock()
	key, list := "", r.script.Responses
	if own, ok := r.script.ByFunction[strings.TrimPrefix(req.Path, "/")]; ok {
		key, list = req.Path, own
	}
	if len(list) == 0 {
		return response{Status: http.StatusOK, Headers: [][2]string{{"Content-Type", "application/json"}}, Body: "{}"}
	}
	i := min(r.used[key], len(list)-1)
	r.used[key]++
	return list[i]
}

func (r *recorder) pause(seconds float64) {
	<-time.After(time.Duration(seconds * r.script.Scale * float64(time.Second)))
}

func (r *recorder) answer(out io.Writer, a response) {
	if a.Stdout != "" {
		fmt.Fprintln(os.Stdout, a.Stdout)
	}
	if a.Stderr != "" {
		fmt.Fprintln(os.Stderr, a.Stderr)
	}
	r.pause(a.Delay)
	if a.Kill != nil {
		os.Exit(*a.Kill % 256)
	}
	var head strings.Builder
	fmt.Fprintf(&head, "HTTP/1.1 %d x\r\n", a.Status)
	for _, h := range a.Headers {
		fmt.Fprintf(&head, "%s: %s\r\n", h[0], h[1])
	}
	if a.Chunked != nil {
		_, _ = io.WriteString(out, head.String()+"Transfer-Encoding: chunked\r\n\r\n")
		for _, c := range a.Chunked {
			fmt.Fprintf(out, "%x\r\n%s\r\n", len(c.Data), c.Data)
			r.pause(c.Delay)
		}
		_, _ = io.WriteString(out, "0\r\n\r\n")
		return
	}
	if a.Status != http.StatusNoContent {
		fmt.Fprintf(&head, "Content-Length: %d\r\n", len(a.Body))
	}
	_, _ = io.WriteString(out, head.String()+"\r\n"+a.Body)
}
