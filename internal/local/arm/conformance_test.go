package arm_test

import (
	"context"
	"crypto/x509"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/azarm"
	"github.com/trefoil-tre/trefoil/internal/azmachines"
	"github.com/trefoil-tre/trefoil/internal/azstacks"
	"github.com/trefoil-tre/trefoil/internal/azvault"
	"github.com/trefoil-tre/trefoil/internal/cloudtest"
	"github.com/trefoil-tre/trefoil/internal/local/arm"
	"github.com/trefoil-tre/trefoil/internal/local/arm/template"
	"github.com/trefoil-tre/trefoil/internal/local/vault"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// box keeps resume tokens open.
type box struct{}

func (box) Seal(value []byte) string { return "sealed " + string(value) }

func (box) Open(sealed string) ([]byte, error) {
	value, ok := strings.CutPrefix(sealed, "sealed ")
	if !ok {
		return nil, errors.New("not ours")
	}
	return []byte(value), nil
}

func link(r *rig) azarm.Config {
	return azarm.Config{Endpoint: r.URL(), Plain: true, Credential: bearer(engine), Sealer: box{}, Pause: time.Microsecond}
}

// hold keeps everything that takes time under way until time passes.
type hold struct {
	mu   sync.Mutex
	gate chan struct{}
}

func newHold() *hold { return &hold{gate: make(chan struct{})} }

func (h *hold) wait(ctx context.Context, _ time.Duration) bool {
	h.mu.Lock()
	gate := h.gate
	h.mu.Unlock()
	select {
	case <-gate:
		return true
	case <-ctx.Done():
		return false
	}
}

// pass lets time pass, for all that waits now.
func (h *hold) pass() {
	h.mu.Lock()
	defer h.mu.Unlock()
	close(h.gate)
	h.gate = make(chan struct{})
}

// pace is how long everything takes, while it is held.
var pace = arm.Pace{Resource: time.Second, Delete: time.Second, Machine: time.Second}

// TestTheProductsStacks: what the product does with stacks works against the stand-in over HTTP.
func TestTheProductsStacks(t *testing.T) {
	t.Parallel()
	cloudtest.RunStacks(t, func(t *testing.T) cloudtest.Stacks {
		h := newHold()
		r := start(t, arm.Config{Pace: pace, Wait: h.wait})
		r.Put(groupOf("rg-ws"))
		stacks, err := azstacks.New(azstacks.Config{Config: link(r), Excluded: []string{engine}})
		if err != nil {
			t.Fatal(err)
		}
		const one = `{"contentVersion": "1.0.0.0", "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
			"resources": [{"type": "Microsoft.ManagedIdentity/userAssignedIdentities", "apiVersion": "2024-11-30", "name": "id"}],
			"outputs": {"key_vault_id": {"type": "string", "value": "kv"}}}`
		return cloudtest.Stacks{Port: stacks, At: workspace.Stack{Subscription: subscription, Name: "ws-1", Location: "westeurope"},
			Group: workspace.Stack{Subscription: subscription, Group: "rg-ws", Name: "svc-1"}, Template: []byte(one), Output: "key_vault_id", Type: "Microsoft.ManagedIdentity/userAssignedIdentities", Name: "id", Pass: h.pass,
			Break: func(at workspace.Stack) {
				r.Script(arm.Fault{Kind: arm.Quota, Times: 1, Match: func(c arm.Call) bool { return strings.HasSuffix(c.Stack, "/"+at.Name) }})
			}}
	})
}

// TestTheProductsMachines: the same of virtual machines, with passwords from the vault.
func TestTheProductsMachines(t *testing.T) {
	t.Parallel()
	cloudtest.RunMachines(t, func(t *testing.T) cloudtest.Machines {
		h := newHold()
		r := start(t, arm.Config{Pace: pace, Wait: h.wait})
		r.Put(groupOf("rg"))
		r.Put(template.Resource{ID: machineID, Type: "Microsoft.Compute/virtualMachines", Name: "vm", Body: map[string]any{"location": "westeurope", "properties": map[string]any{
			"hardwareProfile": map[string]any{"vmSize": "Standard_D2s_v6"}, "storageProfile": map[string]any{"osDisk": map[string]any{"osType": "Linux"}},
			"osProfile": map[string]any{"adminUsername": "researcher", "linuxConfiguration": map[string]any{}}}}})
		const password = `pass'w"ord $(x) 9`
		reader, id := secretOf(t, password)
		machines, err := azmachines.New(azmachines.Config{Config: link(r), Secrets: reader})
		if err != nil {
			t.Fatal(err)
		}
		return cloudtest.Machines{Port: machines, Subscription: subscription, Machine: machineID, Secret: id, User: "researcher", Value: password, Pass: h.pass,
			Break: func() { r.Script(arm.Fault{Kind: arm.NoCapacity, At: arm.Action, Times: 1}) },
			Size: func() string {
				m, err := r.machines.Get(t.Context(), "rg", "vm", nil)
				if err != nil {
					t.Fatal(err)
				}
				return string(*m.Properties.HardwareProfile.VMSize)
			},
			Password: func() string {
				for _, c := range r.Commands(machineID) {
					for _, value := range c.Parameters {
						if value == password {
							return value
						}
					}
				}
				return ""
			}}
	})
}

// secretOf is a vault's reader, and the id of a secret in it.
func secretOf(t *testing.T, value string) (*azvault.Reader, string) {
	t.Helper()
	s, err := vault.Start(t.Context(), vault.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(s.CA())
	c := azvault.Config{URL: s.URL(), Credential: bearer(engine), Roots: roots, AnyDomain: true}
	v, err1 := azvault.New(c)
	reader, err2 := azvault.NewReader(c)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	id, err := v.Put(t.Context(), "password-1", value)
	if err != nil {
		t.Fatal(err)
	}
	return reader, id
}
