package simulation

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/fault"
)

// What host.json says, and what a host that died leaves behind.
const (
	maxDequeue  = 5
	retryAfter  = 10 * time.Second
	hiddenAfter = 10 * time.Minute
)

// function is one function as the host sees it.
type function struct {
	name string
	app  string
	call func(ctx context.Context, in any) (any, error)
}

// queued registers a function with a queue trigger.
func queued[In, Out any](w *World, name string, handle azfunc.Handler[In, Out]) {
	w.engine[name] = &function{name: name, app: "engine", call: func(ctx context.Context, in any) (any, error) {
		dec := json.NewDecoder(bytes.NewReader([]byte(in.(string))))
		dec.DisallowUnknownFields()
		var m In
		if err := dec.Decode(&m); err != nil {
			return nil, fault.Unreadable(fmt.Errorf("message: %w", err))
		}
		return handle(ctx, m)
	}}
}

// direct registers a function with an Event Grid or timer trigger.
func direct[In, Out any](w *World, app, name string, handle azfunc.Handler[In, Out]) {
	w.engine[name] = &function{name: name, app: app, call: func(ctx context.Context, in any) (any, error) {
		return handle(ctx, in.(In))
	}}
}

// output is one message of a function's output binding.
type output struct{ queue, text string }

// outputs reads a struct of output bindings as the handler's side does.
func outputs(out any) []output {
	var all []output
	v := reflect.ValueOf(out)
	if !v.IsValid() {
		return nil
	}
	for field, value := range v.Fields() {
		queue, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if value.IsNil() {
			continue
		}
		if value.Kind() == reflect.Pointer {
			all = append(all, output{queue, textOf(value.Interface())})
			continue
		}
		for i := range value.Len() {
			all = append(all, output{queue, textOf(value.Index(i).Interface())})
		}
	}
	return all
}

func textOf(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// letterbox is a message that was put aside: poisoned, or a dead letter.
type letterbox struct {
	id     string
	text   string
	event  azfunc.Event
	hidden time.Time
}

// send puts a message on a queue. In bad weather it comes late, or twice.
func (w *World) send(queue, text string, delay time.Duration) {
	w.secrets.message(w, queue, text)
	if w.storm && w.chance(w.weather.delay) {
		delay += w.between(0, 20*time.Minute)
	}
	w.enqueue(queue, text, 0, delay)
	if w.storm && w.chance(w.weather.repeat) {
		w.enqueue(queue, text, 0, delay+w.between(0, 30*time.Minute))
	}
}

func (w *World) enqueue(queue, text string, dequeued int, delay time.Duration) {
	w.later(delay, "", func() { w.dequeue(queue, text, dequeued+1) })
}

// dequeue takes a message and calls its function.
func (w *World) dequeue(queue, text string, dequeued int) {
	if dequeued > maxDequeue {
		w.tracef("a message of %s is poisoned", queue)
		w.poison[queue] = append(w.poison[queue], &letterbox{id: w.id(), text: text})
		return
	}
	w.invoke(w.engine[queue], text, func(outcome outcome) {
		switch {
		case outcome == done && w.storm && w.chance(w.weather.hide):
			w.enqueue(queue, text, dequeued, hiddenAfter) // the delete was lost
		case outcome == failed:
			w.enqueue(queue, text, dequeued, retryAfter)
		case outcome == died:
			w.enqueue(queue, text, dequeued, pick(w, []time.Duration{retryAfter, hiddenAfter}))
		}
	})
}

// outcome is how an invocation ended.
type outcome int

const (
	done outcome = iota
	failed
	died
)

// invoke calls a function and sends what it puts out, as the host does: all at
// once and without a transaction.
func (w *World) invoke(f *function, in any, end func(outcome)) {
	var out any
	var err error
	call := azfunc.Call{Function: f.name, Invocation: w.id()}
	w.start(&proc{name: f.name, app: f.app,
		body: func(ctx context.Context) { out, err = f.call(azfunc.WithCall(ctx, call), in) },
		end: func(dead bool) {
			if err != nil && !dead {
				w.secrets.check(w, "error of "+f.name, err.Error())
				w.tracef("%s: %v error: %v", f.name, fault.KindOf(err), err)
			}
			kind := fault.KindOf(err)
			switch {
			case dead || w.storm && w.chance(w.weather.dieAtEnd):
				end(died)
			case kind == fault.Retry || kind == fault.Poison:
				end(failed)
			default:
				end(w.emit(outputs(out)))
			}
		}})
}

// emit sends outputs; in bad weather only some of them, and then fails.
func (w *World) emit(all []output) outcome {
	torn := w.storm && len(all) > 0 && w.chance(w.weather.partial)
	w.rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for _, o := range all {
		if torn && w.chance(0.5) {
			continue
		}
		w.tracef("  → %s %s", o.queue, o.text)
		w.send(o.queue, o.text, 0)
	}
	if torn {
		w.tracef("  the host failed to send all outputs")
		return pick(w, []outcome{failed, died})
	}
	return done
}

// id draws a UUID.
func (w *World) id() string {
	var u uuid.UUID
	for i := range u {
		u[i] = byte(w.rng.Uint32())
	}
	u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
	return u.String()
}
