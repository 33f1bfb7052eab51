package funchost

import (
	"context"
	"errors"
	"log/slog"
	"strings"
)

// app is the loaded content of the script root.
type app struct {
	config    config
	functions []*function
	routes    router
	worker    *worker // nil when there is nothing to run
}

func (a *app) function(name string) (*function, bool) {
	for _, f := range a.functions {
		if f.name == name {
			return f, true
		}
	}
	return nil, false
}

// initialise loads the app, and tries again while it cannot be loaded.
func (r *Running) initialise(life, listen context.Context) {
	pause := r.host.Times.StartRetryMin
	for {
		a, err := r.load(life)
		if err == nil {
			r.launch(life, listen, a)
			return
		}
		r.host.Log.LogAttrs(life, slog.LevelError, "a host error has occurred during startup", slog.Any("error", err))
		r.mu.Lock()
		r.startErr = err
		r.mu.Unlock()
		if !sleep(listen, pause) {
			return
		}
		pause = min(2*pause, r.host.Times.StartRetryMax)
	}
}

func (r *Running) load(ctx context.Context) (*app, error) {
	c, err := r.host.loadConfig(r.settings)
	if err != nil {
		return nil, err
	}
	functions, err := loadFunctions(r.host.Root, r.settings)
	if err != nil { // the functions that could be read run
		r.host.Log.LogAttrs(ctx, slog.LevelError, "functions left out", slog.Any("error", err))
	}
	a := &app{config: c, functions: functions}
	if a.routes, err = newRouter(c.routePrefix, functions); err != nil {
		return nil, err
	}
	if !anyEnabled(functions) || c.handler == nil {
		return a, nil
	}
	a.worker = &worker{
		command: c.handler, settings: r.settings, root: r.host.Root,
		port: c.port, fixedPort: c.port != 0, init: c.init,
		times: r.host.Times, profile: r.host.Profile, log: r.host.Log, now: r.host.Now, giveUp: r.giveUp,
	}
	return a, nil
}

func anyEnabled(functions []*function) bool {
	for _, f := range functions {
		if !f.disabled {
			return true
		}
	}
	return false
}

// launch starts the handler and every listener of the app.
func (r *Running) launch(life, listen context.Context, a *app) {
	r.mu.Lock()
	r.app, r.startErr = a, nil
	r.mu.Unlock()
	if a.worker == nil {
		r.host.Log.LogAttrs(life, slog.LevelInfo, "no functions found", slog.String("root", r.host.Root))
		return
	}
	r.group.Go(func() { a.worker.run(life) })
	for _, f := range a.functions {
		if f.disabled {
			continue
		}
		switch {
		case f.trigger.is(queueTrigger):
			r.goListen(func() { r.listenQueue(life, listen, f) })
		case f.trigger.is(timerTrigger):
			r.goListen(func() { r.listenTimer(life, listen, f) })
		}
	}
}

// loaded returns the app, or an error while there is none.
func (r *Running) loaded() (*app, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.startErr != nil:
		return nil, r.startErr
	case r.app == nil:
		return nil, errors.New("host is starting")
	}
	return r.app, nil
}

func (a *app) functionFold(name string) (*function, bool) {
	for _, f := range a.functions {
		if strings.EqualFold(f.name, name) {
			return f, true
		}
	}
	return nil, false
}
