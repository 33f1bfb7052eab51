package observed_test

import (
	"flag"
	"maps"
	"os"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/local/stack"
	"github.com/trefoil-tre/trefoil/internal/local/stacktest"
)

// rig is the one stack of this test binary, otel the collector it sends to.
var (
	rig  *stacktest.Rig
	otel = newCollector()
)

// Who plays which part.
const (
	researcher = "heart-researcher"
	manager    = "heart-manager"
	admin      = "admin"
)

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(stacktest.Run(m, &rig, "observed", func(c *stack.Config) {
		maps.Copy(c.Settings, map[string]string{
			"OTEL_EXPORTER_OTLP_ENDPOINT": otel.URL,
			"OTEL_BSP_SCHEDULE_DELAY":     "100",
			"OTEL_METRIC_EXPORT_INTERVAL": "300",
			"TRE_HEARTBEAT_EVERY":         "200ms",
			"TRE_HEALTH_LIFE":             "100ms",
			"TRE_HEALTH_SWEEP":            "6s", // it runs every second here, and both cores may be busy
			"TRE_HEALTH_RETAIN":           "1h",
		})
	}, func() {}))
}
