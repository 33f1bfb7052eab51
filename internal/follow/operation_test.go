package follow_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/follow"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

var errAway = errors.New("nobody answers")

// script gives an answer a look, the last one again and again.
type script struct {
	looks []any // a status or an error
	at    int
}

func (s *script) get(context.Context) (api.Operation, error) {
	now := s.looks[min(s.at, len(s.looks)-1)]
	s.at++
	if err, ok := now.(error); ok {
		return api.Operation{}, err
	}
	return api.Operation{ID: "o", Status: now.(workspace.Status)}, nil
}

func TestAnOperationIsWatchedToItsEnd(t *testing.T) {
	t.Parallel()
	passing := func(err error) bool { return errors.Is(err, errAway) }
	refused := errors.New("not yours")
	for _, tc := range []struct {
		name    string
		looks   []any
		want    workspace.Status
		err     error
		told    int
		trouble int
	}{
		{"it has ended already", []any{workspace.Deployed}, workspace.Deployed, nil, 1, 0},
		{"it ends well", []any{workspace.AwaitingDeployment, workspace.Deploying, workspace.Deploying, workspace.Deployed}, workspace.Deployed, nil, 4, 0},
		{"it fails", []any{workspace.PipelineRunning, workspace.DeploymentFailed}, workspace.DeploymentFailed, nil, 2, 0},
		{"nobody answers for a moment, twice", []any{workspace.Deploying, errAway, errAway, workspace.Deploying, errAway, workspace.Deployed}, workspace.Deployed, nil, 3, 2},
		{"nobody ever answers again", []any{workspace.Deploying, errAway}, workspace.Deploying, errAway, 1, 1},
		{"it is refused", []any{workspace.Deploying, refused}, workspace.Deploying, refused, 1, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, told, trouble := &script{looks: tc.looks}, 0, 0
				f := follow.Operation{Get: s.get, Now: time.Now, Passing: passing, Troubled: func(error) { trouble++ }}
				last, err := f.Until(t.Context(), func(api.Operation) { told++ })
				if last.Status != tc.want || !errors.Is(err, tc.err) || told != tc.told || trouble != tc.trouble {
					t.Errorf("%s, %v, told %d times, of trouble %d times", last.Status, err, told, trouble)
				}
			})
		})
	}
}

func TestAWatchEndsWithItsContextAndLooksEveryFewSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		s := &script{looks: []any{workspace.Deploying}}
		last, err := follow.Operation{Get: s.get, Now: time.Now}.Until(ctx, func(api.Operation) {})
		if !errors.Is(err, context.DeadlineExceeded) || last.Status != workspace.Deploying {
			t.Errorf("%s, %v", last.Status, err)
		}
		if s.at < 720 || s.at > 735 { // every 5 s, a few more at the beginning
			t.Errorf("%d looks in an hour", s.at)
		}
	})
}
