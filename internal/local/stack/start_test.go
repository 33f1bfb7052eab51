package stack_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/local/azurite"
	"github.com/trefoil-tre/trefoil/internal/local/azurite/azuritetest"
	"github.com/trefoil-tre/trefoil/internal/local/stack"
)

// TestAStartThatFailsHalfWayLeavesNothing starts everything but an app that is
// not there.
func TestAStartThatFailsHalfWayLeavesNothing(t *testing.T) {
	t.Parallel()
	endpoints := azuritetest.Start(t)
	var listening []string
	ports := stack.Ports{Front: free(t), Issuer: free(t), Mail: free(t)}
	for _, port := range []int{ports.Front, ports.Issuer, ports.Mail} {
		listening = append(listening, (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}).String())
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	var last string
	_, err := stack.Start(ctx, stack.Config{App: t.TempDir(), Azurite: &endpoints, Ports: ports, Now: time.Now,
		OnStep: func(step string) { last = step }})
	if !errors.Is(err, context.DeadlineExceeded) || last != "front and engine (Functions hosts)" {
		t.Errorf("start ended at %q: %v", last, err)
	}
	for _, address := range listening {
		if conn, err := net.Dial("tcp", address); err == nil {
			t.Errorf("%s still answers", address)
			_ = conn.Close()
		}
	}
}

// TestAMissingToolIsNamed starts without Node.
func TestAMissingToolIsNamed(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := stack.Start(t.Context(), stack.Config{App: t.TempDir(), Now: time.Now})
	if !errors.Is(err, azurite.ErrNoNode) {
		t.Errorf("error %v", err)
	}
}

func free(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
