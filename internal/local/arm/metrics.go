package arm

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// cpuMetric is the only metric that there is.
const cpuMetric = "Percentage CPU"

// idleCPU is the load of a machine that nobody said anything about, in percent.
const idleCPU = 0.4

// maxPoints is how many points a metric's answer holds at most.
const maxPoints = 1440

// transport answers a request that no fake of ours knows.
type transport func(*http.Request) (*http.Response, error)

// Do answers.
func (t transport) Do(r *http.Request) (*http.Response, error) { return t(r) }

// metricsClient serves Azure Monitor's metrics of machines.
// Source: https://learn.microsoft.com/rest/api/monitor/metrics/list
func metricsClient(s *Server, c *call) policy.Transporter {
	return transport(func(r *http.Request) (*http.Response, error) {
		answer, err := s.metrics(c)
		if err != nil {
			return nil, err
		}
		text, marshalErr := json.Marshal(answer)
		if marshalErr != nil {
			return nil, marshalErr
		}
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(text)), Request: r}, nil
	})
}

func (s *Server) metrics(c *call) (any, error) {
	query := c.request.URL.Query()
	if name := query.Get("metricnames"); !strings.EqualFold(name, cpuMetric) {
		return nil, refuse(http.StatusBadRequest, "BadRequest", "Failed to find metric configuration for provider: Microsoft.Compute, resource Type: virtualMachines, "+
			"metric: %s, Valid metrics: %s", name, cpuMetric)
	}
	interval := time.Minute
	if text := query.Get("interval"); text != "" {
		d, err := time.ParseDuration(strings.ToLower(strings.TrimPrefix(text, "PT")))
		if err != nil || d < time.Minute {
			return nil, refuse(http.StatusBadRequest, "BadRequest", "Invalid time grain '%s'.", text)
		}
		interval = d
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.machine(c)
	if err != nil {
		return nil, err
	}
	start, end, err := s.timespan(query.Get("timespan"))
	if err != nil {
		return nil, err
	}
	aggregation := strings.ToLower(query.Get("aggregation"))
	if aggregation == "" {
		aggregation = "average"
	}
	id := c.id + "/providers/Microsoft.Insights/metrics/" + cpuMetric
	return map[string]any{"cost": 0, "timespan": start.Format(time.RFC3339) + "/" + end.Format(time.RFC3339), "interval": "PT" + strings.ToUpper(interval.String()),
		"namespace": machineType, "resourceregion": r.whole["location"],
		"value": []any{map[string]any{"id": id, "type": "Microsoft.Insights/metrics", "unit": "Percent", "errorCode": "Success",
			"name":       map[string]string{"value": cpuMetric, "localizedValue": cpuMetric},
			"timeseries": []any{map[string]any{"metadatavalues": []any{}, "data": s.points(r, start, end, interval, aggregation)}}}}}, nil
}

// points are the load at each interval; a machine that is off, or was not yet on, has points without a value.
func (s *Server) points(r *resource, start, end time.Time, interval time.Duration, aggregation string) []any {
	out := []any{}
	cpu, ok := s.state.cpu[key(r.id)]
	if !ok {
		cpu = idleCPU
	}
	for at := start; at.Before(end) && len(out) < maxPoints; at = at.Add(interval) {
		point := map[string]any{"timeStamp": at.Format(time.RFC3339)}
		if r.machine.power == Running && !at.Before(r.machine.since) {
			for name := range strings.SplitSeq(aggregation, ",") {
				point[strings.TrimSpace(name)] = cpu
			}
		}
		out = append(out, point)
	}
	return out
}

// timespan reads start/end; the last hour when nothing is said.
func (s *Server) timespan(text string) (start, end time.Time, err error) {
	end = s.cfg.Now().UTC()
	if text == "" {
		return end.Add(-time.Hour), end, nil
	}
	from, until, _ := strings.Cut(text, "/")
	start, errStart := time.Parse(time.RFC3339, from)
	end, errEnd := time.Parse(time.RFC3339, until)
	if errStart != nil || errEnd != nil || !start.Before(end) {
		return start, end, refuse(http.StatusBadRequest, "BadRequest", "Invalid timespan '%s': it must be start/end in ISO 8601.", text)
	}
	return start.UTC(), end.UTC(), nil
}
