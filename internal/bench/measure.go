package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"syscall"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/inspect"
	"github.com/trefoil-tre/trefoil/internal/message"
)

// used counts the port calls of one request on memory.
func used(ctx context.Context, files int) (*calls, time.Duration, error) {
	p, err := newPipeline(ctx, memory(), nil)
	if err != nil {
		return nil, 0, err
	}
	before := processorTime()
	err = p.story(ctx, files)
	return &p.calls, processorTime() - before, err
}

// operations are the handler's storage operations.
func operations(ctx context.Context) ([]line, error) {
	var lines []line
	per := map[int]float64{}
	for _, files := range []int{1, 100, 10_000} {
		made, _, err := used(ctx, files)
		if err != nil {
			return nil, err
		}
		n, budget, means := made.total(), 16+8*files, "calls to storage by api, doormen and workers from create to approved, against 16 + 8 for each file"
		if files == 1 {
			means += ". " + made.named()
		}
		per[files] = float64(n) / float64(files)
		lines = append(lines, line{what: fmt.Sprintf("storage operations, %d files", files), figure: fmt.Sprint(n), floor: fmt.Sprint(budget),
			value: float64(n) / float64(budget), goal: 1, means: means})
	}
	return append(lines, line{what: "operations per file, 10,000 against 100", figure: fmt.Sprintf("%.2f", per[10_000]), floor: fmt.Sprintf("%.2f", per[100]),
		value: per[10_000] / per[100], goal: 1, means: "a file of a large request costs no more than one of a small one"}), nil
}

// processor is the processor time per file on memory.
func processor(ctx context.Context) ([]line, error) {
	each := func(files, times int) (time.Duration, error) {
		var all time.Duration
		for range times {
			_, cpu, err := used(ctx, files)
			if err != nil {
				return 0, err
			}
			all += cpu
		}
		return all / time.Duration(files*times), nil
	}
	if _, err := each(100, 10); err != nil { // warm
		return nil, err
	}
	small, err := each(100, 50)
	if err != nil {
		return nil, err
	}
	large, err := each(10_000, 1)
	return []line{{what: "processor time per file, 10,000 against 100", figure: large.String(), floor: small.String(),
		value: float64(large) / float64(small), goal: 1.2, means: "the logic alone, on ports in memory"}}, err
}

// processorTime is what this process has used so far.
func processorTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // fails for no reason that applies
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// hop is message in → state saved → order out, through the handler's own
// server, with storage that takes no time.
func hop(ctx context.Context) ([]line, error) {
	p, err := newPipeline(ctx, memory(), nil)
	if err != nil {
		return nil, err
	}
	app := &azfunc.App{Log: slog.New(slog.DiscardHandler), Now: time.Now}
	azfunc.Add(app, "airlockinspect", "order", p.inspect.Handle)
	server := httptest.NewServer(app)
	defer server.Close()
	key := airlock.Key{Workspace: p.workspace, Request: "33333333-3333-4333-8333-333333333333"}
	place := airlock.Place{Account: airlock.AirlockAccount, Container: airlock.Container{Kind: airlock.DraftFiles, Key: key, Number: 1}.String()}
	if err := p.back.boxes.Create(ctx, place); err != nil {
		return nil, err
	}
	var took []time.Duration
	for i := range 500 {
		name := fmt.Sprintf("f%d.csv", i)
		if _, err := p.back.put(ctx, place, name, []byte("a,b\n1,2\n")); err != nil {
			return nil, err
		}
		inside := p.calls.in
		from := time.Now()
		if err := post(ctx, server.URL+"/airlockinspect", message.Inspect{Workspace: key.Workspace, Request: key.Request,
			Account: airlock.AirlockAccount, Turn: 1, Name: name, Submitted: true}); err != nil {
			return nil, err
		}
		took = append(took, time.Since(from)-(p.calls.in-inside))
	}
	slices.Sort(took)
	median := took[len(took)/2]
	return []line{{what: "hop above its storage calls, p50", figure: median.String(), floor: "5ms", value: float64(median) / float64(time.Millisecond), goal: 5,
		means: "milliseconds from the host's POST to the handler's answer, less the time in storage; p99 " + took[len(took)*99/100].String()}}, nil
}

// post invokes a function as the host does.
func post(ctx context.Context, url string, order any) error {
	text, err := json.Marshal(order)
	if err != nil {
		return err
	}
	quoted, err := json.Marshal(string(text))
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]any{"Data": map[string]any{"order": string(quoted)}, "Metadata": map[string]any{"DequeueCount": "1"}})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", "Azure-Functions-Host/4.0.0.0")
	req.Header.Set("X-Azure-Functions-HostVersion", "4.0.0.0")
	req.Header.Set("X-Azure-Functions-InvocationId", "44444444-4444-4444-8444-444444444444")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	answer, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %d: %.200s", url, res.StatusCode, answer)
	}
	return joined(err, res.Body.Close())
}

// reading is inspection against a plain copy into SHA-256, both from the same
// generating server.
func reading(ctx context.Context) ([]line, error) {
	const size = 1 << 30
	server := httptest.NewServer(generator{size: size})
	defer server.Close()
	fetch := func(use func(io.Reader) error) (float64, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/airlock/box/large.bin", nil)
		if err != nil {
			return 0, err
		}
		from := time.Now()
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return 0, err
		}
		err = joined(use(res.Body), res.Body.Close())
		return size / 1e6 / time.Since(from).Seconds(), err
	}
	var plain, ours []float64
	for range 3 { // by turns, so that a slow moment hits both
		speed, err := fetch(func(r io.Reader) error { _, err := io.Copy(sha256.New(), r); return err })
		if err != nil {
			return nil, err
		}
		plain = append(plain, speed)
		speed, err = fetch(func(r io.Reader) error {
			i := inspect.Inspector{Now: time.Now}
			out, err := i.Slice(ctx, r, inspect.Subject{Blob: airlock.Blob{Name: "large.bin", Size: size}}, nil)
			if err == nil && (out.Inspection == nil || out.Inspection.Size != size) {
				err = fmt.Errorf("inspection is not complete: %+v", out)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		ours = append(ours, speed)
	}
	slices.Sort(plain)
	slices.Sort(ours)
	return []line{{what: "inspection", figure: fmt.Sprintf("%.0f MB/s", ours[1]), floor: fmt.Sprintf("%.0f MB/s", plain[1]), value: ours[1] / plain[1],
		goal: 0.8, least: true, means: "one streaming read of 1 GiB with hash, type and findings, against io.Copy into SHA-256 from the same server"}}, nil
}
