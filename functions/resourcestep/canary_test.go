package resourcestep_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/functions/resourcestep"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// canary is the way of files, which the bed says is open.
type canary struct{ bed *bed }

func (b *bed) canary() resourcestep.Canary { return canary{b} }

// Cross implements resourcestep.Canary.
func (c canary) Cross(_ context.Context, account string, _ airlock.Key) error {
	c.bed.crossed = append(c.bed.crossed, account)
	return c.bed.dead
}

// errSecretive is an error that nobody is to read.
var errSecretive = errors.New("https://st.example/?sig=hidden")

func TestAWorkspaceIsDeployedOnceATestFileCrossed(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.dead = errSecretive
	op := b.newWorkspace()
	for range 5 {
		b.Must(b.handle(order(op)))
		b.Pass(cadence.Most)
	}
	r := b.Get(key(freshID))
	if r.Status != workspace.Deploying || r.Installed || !strings.Contains(r.Job.Trouble, "a test file does not cross") || strings.Contains(r.Job.Trouble, "hidden") {
		t.Fatalf("it is %s, %q, job %+v", r.Status, r.Message, r.Job)
	}
	if len(b.crossed) < 2 {
		t.Fatalf("a test file was sent %d times", len(b.crossed))
	}
	b.dead = nil
	b.Must(b.run(op))
	if r = b.Get(key(freshID)); r.Status != workspace.Deployed {
		t.Errorf("it is %s, %q", r.Status, r.Message)
	}
	if account := b.crossed[len(b.crossed)-1]; account != r.Properties["storage_account_name"] {
		t.Errorf("a test file was sent to account %s", account)
	}
}

func TestATestFileThatNeverCrossesFailsTheInstallAtItsDeadline(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.dead = errSecretive
	op := b.newWorkspace()
	b.Must(b.handle(order(op)))
	b.Pass(24 * time.Hour)
	b.Must(b.run(op))
	op = b.Reread(op)
	if op.Status != workspace.DeploymentFailed || !strings.Contains(op.Message, "a test file does not cross") {
		t.Fatalf("the operation is %s, %q", op.Status, op.Message)
	}
}

func TestWhoCancelsWaitsForNoTestFile(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.dead = errSecretive
	op := b.newWorkspace()
	for range 3 {
		b.Must(b.handle(order(op)))
		b.Pass(cadence.Most)
	}
	b.cancel(op)
	b.Must(b.run(op))
	if op = b.Reread(op); op.Status != workspace.DeploymentFailed || !strings.Contains(op.Message, "cancelled") {
		t.Errorf("the operation is %s, %q", op.Status, op.Message)
	}
}

func TestATestFileCrossesOnlyWhereAnAccountIsNewAndWanted(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		change  func(b *bed, r *workspace.Resource)
		crosses bool
	}{
		{"an upgrade that makes the account", func(*bed, *workspace.Resource) {}, true},
		{"an upgrade that keeps the account", func(b *bed, r *workspace.Resource) {
			r.Outputs = outputs(workspace.Deployment{Stack: b.room.Platform.StackOf(*r, *r)})
		}, false},
		{"an upgrade that makes the account whose name somebody wrote", func(b *bed, r *workspace.Resource) {
			for name, value := range outputs(workspace.Deployment{Stack: b.room.Platform.StackOf(*r, *r)}) {
				r.Properties[name] = value
			}
		}, true},
		{"an upgrade of a workspace without an airlock", func(_ *bed, r *workspace.Resource) { r.Properties["enable_airlock"] = false }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			r := b.resource(workspace.Workspace, freshID)
			tt.change(b, &r)
			b.put(r)
			b.Must(b.run(b.begin(b.Get(key(freshID)), workspace.Order{Action: workspace.Upgrade})))
			if (len(b.crossed) > 0) != tt.crosses {
				t.Errorf("a test file was sent to %v", b.crossed)
			}
		})
	}
}
