package workspace

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/internal/workspace/idle"
)

// Fleet is what is known of the machines of a workspace. The engine writes it
// with every look; who may not ask the cloud reads it. It is a value: moves
// return a new one.
type Fleet struct {
	Workspace string           `json:"workspaceId"`
	Machines  map[string]Berth `json:"machines,omitempty"` // by the id of the resource
	Notices   []Warning        `json:"notices,omitempty"`  // that are still to be told
	Told      int              `json:"told,omitempty"`     // warnings so far
	Version   string           `json:"-"`                  // the stored row's ETag; "" where there is none yet
}

// Berth is one machine of a fleet.
type Berth struct {
	Power Power      `json:"powerState,omitempty"` // as it was seen last
	At    time.Time  `json:"at"`                   // when that was
	Watch idle.Watch `json:"watch,omitzero"`
}

// Warning is a notice that a machine is going to be stopped.
type Warning struct {
	Seq      int        `json:"seq"` // within the fleet
	Resource string     `json:"resourceId"`
	Stop     time.Time  `json:"stop"`
	Cause    idle.Cause `json:"cause"`
	At       time.Time  `json:"at"`
}

// FleetNotices stands for the notices of a fleet where an order to tell people
// names a request: no UUID, as those of requests are.
const FleetNotices = "machines"

// Machine is the virtual machine that a user resource is, by its ARM id in
// lower case; "" for others.
func (r Resource) Machine() Machine {
	id, _ := r.Outputs["azure_resource_id"].(string)
	if r.Kind != UserResource || !strings.Contains(strings.ToLower(id), "/microsoft.compute/virtualmachines/") {
		return ""
	}
	return Machine(strings.ToLower(id))
}

// Rest is when a machine is to be stopped without anybody asking, as its
// properties say: AzureTRE's shutdown_when_idle (hours, 0 for never),
// enable_shutdown_schedule, shutdown_time and shutdown_timezone. An error names
// what cannot be read; the rest holds all the same.
func (r Resource) Rest() (idle.Machine, error) {
	var m idle.Machine
	var failed []error
	switch hours := r.Properties["shutdown_when_idle"].(type) {
	case nil:
	case float64:
		if hours > 0 && hours <= maxIdle {
			m.WhenIdle = time.Duration(hours * float64(time.Hour))
		} else if hours != 0 {
			failed = append(failed, fmt.Errorf("shutdown_when_idle: %g, from 0 to %d hours", hours, maxIdle))
		}
	default:
		failed = append(failed, fmt.Errorf("shutdown_when_idle: no number of hours"))
	}
	if on, _ := r.Properties["enable_shutdown_schedule"].(bool); on {
		clock, _ := r.Properties["shutdown_time"].(string)
		zone, _ := r.Properties["shutdown_timezone"].(string)
		var err error
		m.Schedule, err = idle.ParseSchedule(clock, zone)
		failed = append(failed, err)
	}
	return m, errors.Join(failed...)
}

// maxIdle is how many hours a machine may be unused: a year.
const maxIdle = 366 * 24

// Runs tells whether a machine of that power state is there to be stopped: one
// that is only switched off still costs.
func (p Power) Runs() bool { return p == "running" || p == "stopped" }

// Look takes what was seen of a machine, and says what is to be done with it. A
// warning is a notice then; one that is void is not told any more. One that could
// not be told yet puts the stop off, so that its owner has the whole time.
func (f Fleet) Look(id string, m idle.Machine, p Power, s idle.Sight, at time.Time, rules idle.Rules) (Fleet, idle.Do) {
	f = f.clone()
	w, do := m.Look(f.postponed(id, at.UTC().Add(rules.Warning)), s, at, rules)
	f.Machines[id] = Berth{Power: p, At: at.UTC(), Watch: w}
	switch do {
	case idle.Warn:
		f.Told++
		f.Notices = append(f.Notices, Warning{Seq: f.Told, Resource: id, Stop: w.Stop, Cause: w.Cause, At: at.UTC()})
	case idle.Forget:
		f = f.void(id)
	case idle.Nothing, idle.Stop:
	}
	return f, do
}

// postponed is the watch of a machine whose owner was not told yet that it is
// going to be stopped: not before a time. The fleet is changed with it.
func (f Fleet) postponed(id string, until time.Time) idle.Watch {
	w := f.Machines[id].Watch
	i := slices.IndexFunc(f.Notices, func(n Warning) bool { return n.Resource == id })
	if i >= 0 && until.After(w.Stop) {
		w.Stop, f.Notices[i].Stop = until, until
	}
	return w
}

// Extend puts off the stop of a machine until so long from now. A warning of it
// is void.
func (f Fleet) Extend(id string, by time.Duration, at time.Time, rules idle.Rules) (Fleet, error) {
	f = f.clone()
	b := f.Machines[id]
	w, err := b.Watch.Extend(by, at, rules)
	if err != nil {
		return f, err
	}
	b.Watch = w
	f.Machines[id] = b
	return f.void(id), nil
}

// Powered notes the power state that an action left a machine in. One that was
// not seen before is noted with the next look.
func (f Fleet) Powered(id string, p Power, at time.Time) (Fleet, bool) {
	b, known := f.Machines[id]
	if !known || b.Power == p {
		return f, false
	}
	f = f.clone()
	b.Power, b.At = p, at.UTC()
	f.Machines[id] = b
	return f, true
}

// Only forgets the machines of other resources than these.
func (f Fleet) Only(ids []string) Fleet {
	f = f.clone()
	maps.DeleteFunc(f.Machines, func(id string, _ Berth) bool { return !slices.Contains(ids, id) })
	f.Notices = slices.DeleteFunc(f.Notices, func(n Warning) bool { return !slices.Contains(ids, n.Resource) })
	return f
}

// Heard is the fleet without notices that were told.
func (f Fleet) Heard(told []Warning) Fleet {
	f = f.clone()
	f.Notices = slices.DeleteFunc(f.Notices, func(n Warning) bool { return slices.Contains(told, n) })
	return f
}

func (f Fleet) void(id string) Fleet {
	f.Notices = slices.DeleteFunc(f.Notices, func(n Warning) bool { return n.Resource == id })
	return f
}

// clone is the fleet with nothing shared that moves change.
func (f Fleet) clone() Fleet {
	f.Machines, f.Notices = maps.Clone(f.Machines), slices.Clone(f.Notices)
	if f.Machines == nil {
		f.Machines = map[string]Berth{}
	}
	return f
}
