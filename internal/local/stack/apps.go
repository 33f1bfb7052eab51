package stack

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/internal/config"
	"github.com/trefoil-tre/trefoil/internal/local/funchost"
	"github.com/trefoil-tre/trefoil/internal/local/issuer"
)

// The functions of each app; the other ones are off in it.
var (
	FrontFunctions  = []string{"api", "portal", "blobcreated", "blobscanned", "airlockchanged", "armchanged", "workspacerequested"}
	EngineFunctions = []string{"airlockinspect", "airlockverdict", "airlockadvance", "airlockdeliver", "airlockpurge",
		"notify", "sweep", "retain", "tend", "drift", "resourcestep", "workspacerequest"}
)

// startApps runs the staged app twice, each with its own settings.
func (s *Stack) startApps(ctx context.Context) error {
	s.eventKey = rand.Text() // stands in an address
	cloud, err := s.cloudSettings()
	if err != nil {
		return err
	}
	if s.Front, err = s.startApp(ctx, "front", s.cfg.Ports.Front, s.frontSettings(cloud)); err != nil {
		return err
	}
	engine, err := freePort(0)
	if err != nil {
		return err
	}
	s.Engine, err = s.startApp(ctx, "engine", engine, s.engineSettings(cloud))
	return err
}

// startApp starts one app and keeps it running.
func (s *Stack) startApp(ctx context.Context, app string, port int, settings map[string]string) (*Supervised, error) {
	maps.Copy(settings, s.cfg.Settings)
	log := s.cfg.Log.With(slog.String("app", app))
	host := funchost.Host{Root: s.cfg.App, Settings: settings, Addr: loopback(port), ID: "trefoil-" + app, Times: s.cfg.Pace.Host,
		Log: log, Keys: funchost.Keys{Master: randomKey(32), EventGrid: s.eventKey}, Now: s.cfg.Now}
	if s.cfg.OnInvocation != nil {
		host.OnInvocation = func(call funchost.Invocation) { s.cfg.OnInvocation(app, call) }
	}
	start := func(ctx context.Context) (instance, error) { return host.Start(ctx) }
	if s.cfg.CoreTools {
		start = func(context.Context) (instance, error) { return s.startCoreTools(app, port, settings) }
	}
	running, err := supervise(ctx, log, start)
	if err == nil {
		s.onClose(running.Close)
		running.admin, running.key = "http://"+loopback(port)+"/admin/functions/", host.Keys.Master
	}
	return running, err
}

// common are the settings of both apps.
func (s *Stack) common(app string, off []string) map[string]string {
	settings := map[string]string{
		"AzureWebJobsStorage":       s.Direct.ConnectionString(s.Account(HostAccount)),
		"FUNCTIONS_WORKER_RUNTIME":  "custom",
		"TRE_APP":                   app,
		"TRE_STATE":                 s.Direct.ConnectionString(s.Account(StateAccount)),
		"TRE_AIRLOCK":               s.Storage.ConnectionString(s.Account(AirlockAccount)),
		"TRE_WORKSPACE_CONNECTIONS": s.workspaceConnections(),
		"TRE_TOPIC_ENDPOINT":        s.topicEndpoint,
		"TRE_TOPIC_KEY":             s.topicKey,
		"TRE_SCAN_TOPICS":           scanTopicID,
		"TRE_OWN_TOPICS":            ownTopicID,
		"TRE_CA_FILE":               s.caFile(),
		"TRE_PORTAL_URL":            s.PortalURL(),
		"TRE_API_URL":               s.APIURL(),
		// function.json refers to these, so the host wants them set.
		"TRE_SWEEP_SCHEDULE":  cmp.Or(s.cfg.Pace.SweepSchedule, "0 * * * * *"),
		"TRE_RETAIN_SCHEDULE": "0 30 * * * *",
		"TRE_TEND_SCHEDULE":   "0 * * * * *",
	}
	if s.cfg.Pace.Polling > 0 {
		settings["AzureFunctionsJobHost__extensions__queues__maxPollingInterval"] = timeSpan(s.cfg.Pace.Polling)
	}
	for _, f := range off {
		settings["AzureWebJobs."+f+".Disabled"] = "true"
	}
	return settings
}

func (s *Stack) workspaceConnections() string {
	all := []string{s.Storage.FamilyConnection()}
	for _, account := range s.accounts()[3:] {
		all = append(all, s.Storage.ConnectionString(account))
	}
	return strings.Join(all, "|")
}

func (s *Stack) frontSettings(cloud map[string]string) map[string]string {
	settings := s.common("front", EngineFunctions)
	maps.Copy(settings, readBy(cloud, func(setting config.Setting) bool { return setting.Front }))
	maps.Copy(settings, map[string]string{
		"TRE_ISSUER":         s.Issuer.URL(),
		"TRE_TENANTS":        issuer.Tenant,
		"TRE_GRAPH_ENDPOINT": s.Directory.URL(),
		"TRE_AUDIENCE":       Audience,
		"TRE_CLIENT_ID":      PortalClient,
		"TRE_CLI_CLIENT_ID":  CLIClient,
		"TRE_COOKIE_KEYS":    s.kept.Cookies,
	})
	maps.Copy(settings, s.front) // a managed identity, as App Service gives one to the app
	return settings
}

func (s *Stack) engineSettings(cloud map[string]string) map[string]string {
	settings := s.common("engine", FrontFunctions)
	maps.Copy(settings, readBy(cloud, func(setting config.Setting) bool { return setting.Engine }))
	maps.Copy(settings, s.engine)
	maps.Copy(settings, map[string]string{
		"TRE_SMTP_HOST":     "localhost",
		"TRE_SMTP_PORT":     strconv.Itoa(s.Inbox.Port()),
		"TRE_SMTP_USERNAME": "trefoil",
		"TRE_SMTP_PASSWORD": mailPassword,
		"TRE_SMTP_FROM":     "Trefoil <airlock@tre.example>",
		"TRE_ADMIN_MAIL":    "admin@tre.example",
	})
	return settings
}

// readBy are the settings that an app reads.
func readBy(settings map[string]string, reads func(config.Setting) bool) map[string]string {
	some := map[string]string{}
	for _, setting := range config.Settings() {
		if value, ok := settings[setting.Name]; ok && reads(setting) {
			some[setting.Name] = value
		}
	}
	return some
}

// timeSpan is a duration as host.json writes one: hours, minutes, seconds and
// thousandths.
func timeSpan(d time.Duration) string {
	return fmt.Sprintf("%02d:%02d:%02d.%03d", int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60, d.Milliseconds()%1000)
}
