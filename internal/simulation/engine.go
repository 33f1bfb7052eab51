package simulation

import (
	"context"
	"encoding/json"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/trefoil-tre/trefoil/functions/airlockadvance"
	"github.com/trefoil-tre/trefoil/functions/airlockchanged"
	"github.com/trefoil-tre/trefoil/functions/airlockdeliver"
	"github.com/trefoil-tre/trefoil/functions/airlockinspect"
	"github.com/trefoil-tre/trefoil/functions/airlockpurge"
	"github.com/trefoil-tre/trefoil/functions/airlockverdict"
	"github.com/trefoil-tre/trefoil/functions/blobcreated"
	"github.com/trefoil-tre/trefoil/functions/blobscanned"
	"github.com/trefoil-tre/trefoil/functions/drift"
	"github.com/trefoil-tre/trefoil/functions/notify"
	"github.com/trefoil-tre/trefoil/functions/retain"
	"github.com/trefoil-tre/trefoil/functions/sweep"
	"github.com/trefoil-tre/trefoil/functions/tend"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/doorman"
	"github.com/trefoil-tre/trefoil/internal/inspect"
	"github.com/trefoil-tre/trefoil/internal/ledger"
	"github.com/trefoil-tre/trefoil/internal/mail"
	"github.com/trefoil-tre/trefoil/internal/memfiles"
	"github.com/trefoil-tre/trefoil/internal/memstore"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/refusals"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Settings are the airlock's own, made small, and the length of the story.
type Settings struct {
	Cadence      airlock.Cadence
	Policy       airlock.Policy
	Page         int   // rows of a page where nobody says
	SealPage     int   // files in one slice
	GatherFrom   int   // files from which on facts about single ones are gathered
	InspectSlice int64 // bytes
	CopySlice    int64 // bytes
	CheckSlice   int64 // bytes
	Orphan       time.Duration
	Others       float64 // how often others run first at a port call in good weather
	NoSweep      bool
	Refusals     int                           // lines of a kind a minute
	Mail         func(mail.Sender) mail.Sender // stands before the mail server; nil: nothing does
	Sweep        func(*sweep.Function)         // changes sweep; nil: nothing does

	Tend  func(*tend.Function)                              // changes tend; nil: nothing does
	Drift func(*drift.Function)                             // changes drift; nil: nothing does
	Ask   func(*World, workspace.Request) workspace.Request // changes what an event asks for; nil: nothing does

	StormSteps int           // steps that bad weather lasts at most
	Storm      time.Duration // and how long
	Quiet      time.Duration // good weather with people
	Long       time.Duration // good weather without people
	MaxSteps   int           // steps a time of good weather may take
}

func newSettings(r *rand.Rand) Settings {
	hour := airlock.Duration(time.Hour)
	pickOne := func(all ...int64) int64 { return all[r.IntN(len(all))] }
	return Settings{
		Cadence: airlock.Cadence{Hint: 2 * time.Minute, Draft: 30 * time.Minute, Settle: time.Hour},
		Policy: airlock.Policy{Reviewers: int(pickOne(1, 1, 2, 2, 3, 4)), MaxFiles: 6, MaxBytes: 80_000, MaxFileBytes: 30_000,
			SkipHash: r.IntN(6) == 0, SkipScan: r.IntN(12) == 0,
			DraftLife: 12 * hour, WorkLife: 4 * hour, VerdictLife: hour, ReviewLife: 24 * hour,
			LinkLife: hour, RetainFiles: 48 * hour, RetainShared: 96 * hour},
		Page: int(pickOne(2, 3, 1000)), SealPage: int(pickOne(1, 2, 100)), GatherFrom: int(pickOne(1, 3, 100)),
		InspectSlice: pickOne(4096, 4096, 1<<20), CopySlice: pickOne(0, 3000, 7000), CheckSlice: pickOne(1000, 5000, 1<<20),
		Refusals: int(pickOne(1, 20, 5000)),
		Orphan:   24 * time.Hour, Others: float64(r.IntN(2)) * 0.3,
		StormSteps: 200 + r.IntN(1400), Storm: 3 * 24 * time.Hour, Quiet: 9 * time.Hour, Long: 40 * 24 * time.Hour, MaxSteps: 6000,
	}
}

func newWorld(cfg Config) *World {
	r := rand.New(rand.NewPCG(cfg.Seed, 0x7265666f696c))
	w := &World{cfg: cfg, rng: r, now: time.Date(2030, 1, 1, 8, 0, 0, 0, time.UTC), store: &memstore.Store{},
		parked: make(chan struct{}), parsed: map[string]airlock.Container{}, engine: map[string]*function{}, poison: map[string][]*letterbox{},
		set: newSettings(r), weather: newWeather(r)}
	if cfg.Tune != nil {
		cfg.Tune(&w.set)
	}
	if cfg.brew != nil {
		cfg.brew(&w.weather)
	}
	w.files = &memfiles.Files{Now: w.clock, HoldName: 30 * time.Second, SliceBytes: w.set.CopySlice}
	w.sweep = timer{name: "sweep", every: time.Minute, last: w.now, off: w.set.NoSweep}
	w.retain = timer{name: "retain", every: 24 * time.Hour, last: w.now}
	w.tend = timer{name: "tend", every: tendEvery, last: w.now}
	base := Ports{Requests: w.store, Files: w.store, Work: w.store, Trail: w.store, Workspaces: w.store, Members: w.store, People: w.store,
		Manifests: w.store, Letters: w.store, Desk: w.files, Vault: w.files, Janitor: w.files}
	base.Requests, base.Files, base.Vault = watched{w, base.Requests}, scannedFiles{base.Files, w}, created{w, base.Vault}
	w.ports = w.troubled(base)
	if cfg.Alter != nil {
		w.ports = cfg.Alter(w, w.ports)
	}
	w.watch.init()
	w.scanner.clean, w.scanner.seen = map[string]bool{}, map[version]string{}
	w.scanner.told = map[version]bool{}
	w.mail.w = w
	w.mail.init()
	w.people.init(w)
	if cfg.Story == OfWorkspaces {
		w.estate = newEstate(w)
	}
	w.wire()
	return w
}

func (w *World) clock() time.Time { return w.now }

// wire makes the functions and the desk, as main does, on the world's ports.
func (w *World) wire() {
	p, log := w.ports, slog.New(logger{w: w})
	post := mail.Sender(&w.mail)
	if w.set.Mail != nil {
		post = w.set.Mail(post)
	}
	book := ledger.Ledger{Requests: p.Requests, Workspaces: p.Workspaces, Trail: p.Trail, Now: w.clock, Cadence: w.set.Cadence,
		Refusals: &refusals.Book{Store: refused{w, w.store}, Now: w.clock, Log: log, PerMinute: w.set.Refusals,
			After: func(d time.Duration, do func()) { w.later(d, "", do) }}}
	queued(w, message.QueueInspect, airlockinspect.Function{Ledger: book, Files: p.Files, Vault: p.Vault,
		Inspector: inspect.Inspector{SliceBytes: w.set.InspectSlice, BufferBytes: 4096, Now: w.clock}}.Handle)
	queued(w, message.QueueVerdict, airlockverdict.Function{Ledger: book, Files: p.Files, Desk: p.Desk}.Handle)
	queued(w, message.QueueAdvance, airlockadvance.Function{Ledger: book, Fresh: p.Workspaces, Files: p.Files, Work: p.Work, Desk: p.Desk,
		Vault: p.Vault, Manifests: p.Manifests, Orders: orders{w}, Page: w.set.SealPage, Parallel: 1, GatherFrom: w.set.GatherFrom}.Handle)
	queued(w, message.QueueDeliver, airlockdeliver.Function{Ledger: book, Fresh: p.Workspaces, Files: p.Files, Work: p.Work, Desk: p.Desk,
		Vault: p.Vault, Manifests: p.Manifests, Page: w.set.SealPage, Pages: 1 + w.set.SealPage%3, Parallel: 1, Slice: w.set.CheckSlice}.Handle)
	queued(w, message.QueuePurge, airlockpurge.Function{Ledger: book, Files: p.Files, Vault: p.Vault, Janitor: p.Janitor,
		Settle: w.set.Cadence.Settle}.Handle)
	queued(w, message.QueueNotify, notify.Function{Ledger: book, Members: p.Members, Records: w.store, Rolls: w.store, Wanted: w.tenancy().Requests, Operations: w.tenancy().Store, Fleets: fleetRows{w.tenancy().Fleets, w.tenancy().Store}, Store: w.tenancy().Store, Letters: p.Letters, Mail: post,
		Facts: facts{w}, Administrators: []mail.Address{{Name: "Adam", Email: "adam@tre.example"}},
		Portal: "https://portal.tre.example", Domain: "tre.example", Log: log}.Handle)
	door := func() *doorman.Doorman {
		return &doorman.Doorman{AirlockAccount: airlockAccount, StorageTopics: []string{storageTopic + "*"}, ScanTopics: []string{scanTopic},
			OwnTopics: []string{ownTopic}, Workspaces: p.Workspaces, Refusals: book.Refusals, Now: w.clock}
	}
	direct(w, "front", "blobcreated", blobcreated.Function{Door: door()}.Handle)
	direct(w, "front", "blobscanned", blobscanned.Function{Door: door()}.Handle)
	direct(w, "front", "airlockchanged", airlockchanged.Function{Door: door()}.Handle)
	sweeper := sweep.Function{Ledger: book, Work: p.Work, Poison: poisonPort{w}, Dead: deadPort{w}, Orders: orders{w}, Door: door(),
		Log: log, Queues: message.Queues, Estate: sweep.Estate{Operations: w.tenancy().Store, Requests: w.tenancy().Requests, Life: requestLife,
			Vault: w.tenancy().Vault}}
	if w.set.Sweep != nil {
		w.set.Sweep(&sweeper)
	}
	direct(w, "engine", "sweep", sweeper.Handle)
	direct(w, "engine", "retain", retain.Function{Ledger: book, Work: p.Work, Janitor: p.Janitor, Log: log, Orphan: w.set.Orphan,
		Members: p.Members, Rolls: w.store, Records: w.store,
		Estate: retain.Estate{Store: w.tenancy().Store, Lists: w.tenancy().Lists, Addresses: w.tenancy().Addresses}}.Handle)
	w.people.desk = &desk.Desk{Now: w.clock, Cadence: w.set.Cadence, Log: log, Parallel: 1,
		Ports: desk.Ports{Requests: p.Requests, Files: p.Files, Trail: p.Trail, Workspaces: p.Workspaces, Members: p.Members, People: p.People,
			Manifests: p.Manifests, Containers: p.Desk, Orders: orders{w}, Facts: facts{w}}}
	w.estate.wire(book, door(), log)
}

// orders is the desk's way to a queue.
type orders struct{ w *World }

// Send implements desk.Orders.
func (o orders) Send(ctx context.Context, queue string, m any, delay time.Duration) error {
	return execute(ctx, o.w, "orders.Send", func() error {
		o.w.tracef("  → %s %s", queue, textOf(m))
		o.w.send(queue, textOf(m), delay)
		return nil
	})
}

// poisonPort is sweep's way to the poison queues.
type poisonPort struct{ w *World }

// Take implements sweep.Poison.
func (p poisonPort) Take(ctx context.Context, queue string, limit int) ([]sweep.Poisoned, error) {
	return exec(ctx, p.w, "poison.Take", func() ([]sweep.Poisoned, error) {
		var all []sweep.Poisoned
		for _, l := range p.w.poison[queue] {
			if l.hidden.After(p.w.now) || len(all) == limit {
				continue
			}
			l.hidden = p.w.now.Add(5 * time.Minute)
			all = append(all, sweep.Poisoned{ID: l.id, Text: l.text, Drop: func(ctx context.Context) error {
				return execute(ctx, p.w, "poison.Drop", func() error {
					p.w.poison[queue] = drop(p.w.poison[queue], l)
					return nil
				})
			}})
		}
		return all, nil
	})
}

// deadPort is sweep's way to the dead letters.
type deadPort struct{ w *World }

// Letters implements sweep.Dead.
func (d deadPort) Letters(ctx context.Context, limit int) ([]sweep.Letter, error) {
	return exec(ctx, d.w, "dead.Letters", func() ([]sweep.Letter, error) {
		var all []sweep.Letter
		for _, l := range d.w.dead[:min(limit, len(d.w.dead))] {
			all = append(all, sweep.Letter{Events: []azfunc.Event{l.event}, Drop: func(ctx context.Context) error {
				return execute(ctx, d.w, "dead.Drop", func() error {
					d.w.dead = drop(d.w.dead, l)
					return nil
				})
			}})
		}
		return all, nil
	})
}

// facts is the way to Event Grid.
type facts struct{ w *World }

// Publish implements desk.Facts and notify.Facts.
func (f facts) Publish(ctx context.Context, fact message.Fact) error {
	w := f.w
	return execute(ctx, w, "facts.Publish", func() error {
		data, err := json.Marshal(fact.Data)
		if err != nil {
			return err
		}
		w.secrets.check(w, "fact "+fact.Type, string(data))
		w.secrets.check(w, "fact "+fact.Type, fact.Subject)
		if fact.Type == message.TypeStatusChanged {
			w.happened(ownEvent(w, fact, data))
		}
		return nil
	})
}
