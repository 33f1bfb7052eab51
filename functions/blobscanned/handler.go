// Package blobscanned is the doorman for malware verdicts. In:
// Microsoft.Security.MalwareScanningResult from the scan topic. Out: an order
// to record the verdict. A result from another topic, about a foreign account
// or container, or one that contradicts itself, is audited and refused.
package blobscanned

import (
	"context"

	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/doorman"
	"github.com/trefoil-tre/trefoil/internal/health"
	"github.com/trefoil-tre/trefoil/internal/message"
)

// Out names this function's output bindings.
type Out struct {
	Verdict *message.Verdict `json:"airlockverdict,omitempty"`
}

// Function translates scan results into orders.
type Function struct {
	Door *doorman.Doorman
}

// Handle acts on one event.
func (f Function) Handle(ctx context.Context, ev azfunc.Event) (Out, error) {
	m, err := f.Door.Verdict(ctx, ev)
	if err != nil {
		return Out{}, f.Door.Refuse(ctx, ev, err)
	}
	f.Door.Heard(ctx, health.BlobScanned)
	return Out{Verdict: m}, nil
}
