// Package config reads the settings, once, at start. Everything that is wrong is told at once, and an app reads no setting
// that the other one needs alone.
package config

import (
	"log/slog"
	"time"
)

// Config is what the settings say. A setting is a field with tags, here and nowhere else:
//
//	envconfig  its name; of an account (type Storage) the beginning of its names
//	app        who reads it: front, engine, or both; the other app's field stays zero
//	required   "true" if there is no start without it
//	default    what an unset one means
//	unit       of a number without a unit of its own
//	min, max   bounds of a number or a duration; min is 1 unless given
//	by         "host" for what the Functions host sets itself
//	desc       what it means and why one would change it
type Config struct {
	App      App `envconfig:"TRE_APP" app:"both" required:"true" desc:"which half of the platform this process is: front, engine, or all for both on one machine"`
	Host     Host
	Accounts Accounts
	Events   Events
	SignIn   SignIn
	API      API
	Tokens   Tokens
	People   Directory
	Mail     Mail
	Work     Work
	Health   Health

	Workspaces Workspaces
	Telemetry  Telemetry
}

// Host is how the Functions host and this process meet.
type Host struct {
	Port      int           `envconfig:"FUNCTIONS_CUSTOMHANDLER_PORT" app:"both" required:"true" max:"65535" by:"host" desc:"TCP port on 127.0.0.1 that the Functions host calls"`
	Timeout   time.Duration `envconfig:"TRE_FUNCTION_TIMEOUT" app:"both" default:"10m" desc:"functionTimeout of host.json, at which the host kills the process"`
	Margin    time.Duration `envconfig:"TRE_FUNCTION_MARGIN" app:"both" default:"20s" desc:"how long before that an invocation gives up by itself"`
	MaxBody   int64         `envconfig:"TRE_MAX_BODY" app:"both" default:"4194304" unit:"bytes" desc:"largest request body; the host sends an event of 1 MiB twice in one"`
	LogLevel  slog.Level    `envconfig:"TRE_LOG_LEVEL" app:"both" default:"info" desc:"least level of log lines: debug, info, warn or error"`
	TrustFile string        `envconfig:"TRE_CA_FILE" app:"both" desc:"PEM file of authorities to trust beside the system's"`
}

// Accounts are the storage accounts.
type Accounts struct {
	State                Storage  `envconfig:"TRE_STATE" app:"both" required:"true" desc:"account of tables, queues and manifests"`
	Airlock              Storage  `envconfig:"TRE_AIRLOCK" app:"both" required:"true" desc:"account of import drafts and released exports, the only one that faces outside"`
	WorkspaceConnections Secrets  `envconfig:"TRE_WORKSPACE_CONNECTIONS" app:"both" desc:"connection strings of workspace accounts, one a line or separated by |, one of AccountName={account} for all others of an emulator; unset where an identity asks"`
	WorkspaceEndpoint    Template `envconfig:"TRE_WORKSPACE_ENDPOINT" app:"both" default:"https://{account}.blob.core.windows.net" desc:"blob service of a workspace account, asked with an identity; another suffix in sovereign clouds"`
}

// Events are the topics that facts come from and go to.
type Events struct {
	TopicEndpoint URL    `envconfig:"TRE_TOPIC_ENDPOINT" app:"both" required:"true" desc:"endpoint of our own Event Grid topic, ending in /api/events"`
	TopicKey      Secret `envconfig:"TRE_TOPIC_KEY" app:"both" desc:"access key of that topic; unset where an identity publishes"`
	OwnTopics     List   `envconfig:"TRE_OWN_TOPICS" app:"both" desc:"topics whose events are believed, as resource ids; the engine reads dead letters by it, so the same in both apps"`
	ScanTopics    List   `envconfig:"TRE_SCAN_TOPICS" app:"both" desc:"topics whose malware verdicts are believed, as resource ids; the engine reads dead letters by it, so the same in both apps"`
	StorageTopics List   `envconfig:"TRE_STORAGE_TOPICS" app:"front" desc:"storage accounts whose events are believed, as resource ids; a trailing * stands for any ending"`
}

// SignIn is who people are and how they get in.
type SignIn struct {
	Authority    URL           `envconfig:"TRE_AUTHORITY" app:"front" default:"https://login.microsoftonline.com" desc:"where Entra signs people in, that of your cloud: https://login.microsoftonline.us, https://login.partner.microsoftonline.cn"`
	Issuers      List          `envconfig:"TRE_ISSUER" app:"front" desc:"exact OpenID Connect issuers of tokens, the one where people sign in first; unset means those of TRE_TENANTS at TRE_AUTHORITY, of version 2.0 and 1.0 tokens"`
	Audience     string        `envconfig:"TRE_AUDIENCE" app:"front" required:"true" desc:"audience that access tokens must name, that of the API's registration"`
	Tenants      List          `envconfig:"TRE_TENANTS" app:"front" desc:"ids of the tenants whose people may sign in, the one that holds the registrations first; unset means those that TRE_ISSUER names"`
	ClientID     string        `envconfig:"TRE_CLIENT_ID" app:"front" required:"true" desc:"client id of the portal's registration"`
	CLIClientID  string        `envconfig:"TRE_CLI_CLIENT_ID" app:"front" desc:"client id that the command line signs people in with; unset means that of the API, as AzureTRE's does"`
	ClientSecret Secret        `envconfig:"TRE_CLIENT_SECRET" app:"front" desc:"client secret of the portal's registration; unset for a public client"`
	CookieKeys   Secrets       `envconfig:"TRE_COOKIE_KEYS" app:"front" required:"true" desc:"keys that seal session cookies, at least 32 characters each, newest first, one a line or separated by |"`
	Session      time.Duration `envconfig:"TRE_SESSION_LIFE" app:"front" default:"8h" desc:"how long a portal session lasts"`
	PortalURL    URL           `envconfig:"TRE_PORTAL_URL" app:"both" required:"true" desc:"address of the portal as people see it; links in mails begin with it"`
	APIURL       URL           `envconfig:"TRE_API_URL" app:"both" required:"true" desc:"address of the API as clients see it"`
}

// Mail is how notices leave.
type Mail struct {
	Host           string  `envconfig:"TRE_SMTP_HOST" app:"engine" required:"true" desc:"mail server"`
	Port           int     `envconfig:"TRE_SMTP_PORT" app:"engine" default:"587" max:"65535" desc:"its port; Azure blocks 25 and leaves 587 open"`
	TLS            TLSMode `envconfig:"TRE_SMTP_TLS" app:"engine" default:"starttls" desc:"starttls, tls, or none for a server on the same machine"`
	Username       string  `envconfig:"TRE_SMTP_USERNAME" app:"engine" desc:"user at the mail server; unset means no sign-in"`
	Password       Secret  `envconfig:"TRE_SMTP_PASSWORD" app:"engine" desc:"that user's password"`
	From           Address `envconfig:"TRE_SMTP_FROM" app:"engine" required:"true" desc:"sender of notices"`
	Administrators List    `envconfig:"TRE_ADMIN_MAIL" app:"engine" desc:"addresses of administrators who hear of what only they can mend"`

	GiveUp time.Duration `envconfig:"TRE_MAIL_GIVE_UP" app:"engine" default:"120h" desc:"age at which a notice that no server takes is given up, as mail servers do (RFC 5321, 4.5.4.1)"`
}

// Work is how much is done at once, and when something is looked at again.
type Work struct {
	InspectSlice   int64         `envconfig:"TRE_INSPECT_SLICE" app:"engine" default:"4294967296" unit:"bytes" desc:"how much of a file one invocation reads; must be read well within the function timeout"`
	BlockSize      int64         `envconfig:"TRE_BLOCK_SIZE" app:"engine" default:"67108864" unit:"bytes" max:"4194304000" desc:"block of a copy across the boundary; a file has at most 50,000"`
	BlocksPerSlice int           `envconfig:"TRE_BLOCKS_PER_SLICE" app:"engine" default:"64" max:"1000" desc:"blocks of a large file copied by one invocation"`
	PutBlobMax     int64         `envconfig:"TRE_PUT_BLOB_MAX" app:"engine" default:"268435456" unit:"bytes" max:"5242880000" desc:"largest file copied by one request; larger ones go block by block"`
	PageSize       int           `envconfig:"TRE_PAGE_SIZE" app:"both" default:"100" max:"100" desc:"files or rows handled at once; tables take no more than 100 in one transaction"`
	Concurrency    int           `envconfig:"TRE_CONCURRENCY" app:"both" default:"8" max:"64" desc:"storage calls under way at once within one invocation"`
	MaxReseals     int           `envconfig:"TRE_MAX_RESEALS" app:"engine" default:"3" desc:"how often a file that is overwritten during sealing is taken afresh"`
	MarkAfter      int           `envconfig:"TRE_MARK_AFTER" app:"engine" default:"3" desc:"poison messages about one thing before it is marked for a person"`
	HintAfter      time.Duration `envconfig:"TRE_HINT_AFTER" app:"both" default:"1m" desc:"how long something may stand still before sweep hints again"`
	ReconcileEvery time.Duration `envconfig:"TRE_RECONCILE_EVERY" app:"engine" default:"30s" desc:"least time between two listings of one draft container"`
	GatherFor      time.Duration `envconfig:"TRE_GATHER_FOR" app:"engine" default:"2s" desc:"how long facts about single files of a submitted request are gathered before it is looked at: a person waits so much longer, and a thousand of them cost one look"`
	GatherFrom     int           `envconfig:"TRE_GATHER_FROM" app:"engine" default:"20" unit:"files" desc:"files from which on facts about single ones are gathered; a smaller request is looked at after each"`
	PurgeGap       time.Duration `envconfig:"TRE_PURGE_GAP" app:"both" default:"15m" desc:"least time between the two looks that find a purged container absent; longer than a copy slice can live"`
	DraftEvery     time.Duration `envconfig:"TRE_DRAFT_EVERY" app:"both" default:"5m" desc:"time between two looks at an open draft that no event speaks of"`
	Remember       time.Duration `envconfig:"TRE_REMEMBER" app:"engine" default:"30s" desc:"how long the engine remembers a workspace's policy: a change of it waits as long, every file needs it several times"`
	ExpiryWarnings Days          `envconfig:"TRE_EXPIRY_WARNINGS" app:"engine" default:"14,3" unit:"days" desc:"how long before a membership, training or agreement ends people are told; several are separated by commas"`
	OrphanAge      time.Duration `envconfig:"TRE_ORPHAN_AGE" app:"engine" default:"24h" desc:"age from which a container that no request owns is purged, and a secret that nothing names is forgotten; longer than any call that may be about to commit"`
	LookInspects   int           `envconfig:"TRE_LOOK_INSPECTS" app:"engine" default:"500" desc:"inspections ordered in one look at a draft; more outputs make an invocation slow, the next look orders the rest"`
	DeliverPages   int           `envconfig:"TRE_DELIVER_PAGES" app:"engine" default:"10" desc:"pages of files delivered by one invocation, so that the manifest is not read for every page"`
	DeliverBusy    time.Duration `envconfig:"TRE_DELIVER_BUSY" app:"engine" default:"20s" desc:"how long a delivery goes on from page to page within one invocation; less than TRE_HINT_AFTER, better a third of it, so that no second one begins beside it"`
	SweepMost      int           `envconfig:"TRE_SWEEP_MOST" app:"engine" default:"5000" desc:"hints given in one sweep, one queue message each; what is due beyond them waits for the next"`
	SweepBatch     int           `envconfig:"TRE_SWEEP_BATCH" app:"engine" default:"100" desc:"poisoned messages of a queue, and dead letters, looked at in one sweep; a queue gives 32 at once, whatever more is set"`
	SubmitInspects int           `envconfig:"TRE_SUBMIT_INSPECTS" app:"front" default:"1000" desc:"inspections that a submit orders itself, so that its answer comes soon; the engine orders the others"`
	Refusals       int           `envconfig:"TRE_REFUSALS_PER_MINUTE" app:"both" default:"5000" desc:"refused messages of a kind that get an audit line of their own in a minute; more are counted: a flood fills no table, a handful is never lost among the names"`
	RefusalsEvery  time.Duration `envconfig:"TRE_REFUSALS_EVERY" app:"both" default:"5s" desc:"how often the number of those without a line of their own is written; a crash loses at most as much of the count"`
	DeadLetters    string        `envconfig:"TRE_DEAD_LETTERS" app:"engine" default:"deadletters" desc:"container of TRE_STATE into which Event Grid puts what it could not deliver"`
	SweepSchedule  Schedule      `envconfig:"TRE_SWEEP_SCHEDULE" app:"engine" default:"0 * * * * *" desc:"when sweep runs, as NCRONTAB; function.json refers to it"`
	RetainSchedule Schedule      `envconfig:"TRE_RETAIN_SCHEDULE" app:"engine" default:"0 30 * * * *" desc:"when retention is checked, as NCRONTAB; function.json refers to it"`
}

// Health is from when on something is said not to be well. Half of a time or number is the warning, unless its line says
// otherwise.
type Health struct {
	Heartbeat  time.Duration `envconfig:"TRE_HEARTBEAT_EVERY" app:"both" default:"15s" desc:"least time between two heartbeats of one source that a process writes to the table; shorter costs writes, longer tells later"`
	Keep       time.Duration `envconfig:"TRE_HEARTBEAT_KEEP" app:"engine" default:"24h" desc:"how long heartbeats of processes that are gone are kept; the last of each source stays"`
	Life       time.Duration `envconfig:"TRE_HEALTH_LIFE" app:"front" default:"15s" desc:"how long an answer of /health serves again: nobody signs in to ask, so this bounds what strangers can cost"`
	Probe      time.Duration `envconfig:"TRE_HEALTH_PROBE" app:"front" default:"5s" desc:"how long the parts may take to answer; a monitor waits no longer"`
	Workspaces int           `envconfig:"TRE_HEALTH_WORKSPACES" app:"front" default:"20" max:"1000" desc:"workspace accounts that one answer of /health asks, in turn; the details ask all"`
	Sweep      time.Duration `envconfig:"TRE_HEALTH_SWEEP" app:"front" default:"5m" desc:"time without a good sweep after which the engine is not well; sweep runs every minute"`
	Retain     time.Duration `envconfig:"TRE_HEALTH_RETAIN" app:"front" default:"3h" desc:"time without a good run of retain after which the engine is not well; it runs every hour"`
	Events     time.Duration `envconfig:"TRE_HEALTH_EVENTS" app:"front" default:"30m" desc:"time for which files are found, or changes published, without any event about them; Azure's own may come minutes late after an idle hour"`
	Scans      time.Duration `envconfig:"TRE_HEALTH_SCANS" app:"front" default:"2h" desc:"time for which files are inspected without any scan result; large files are scanned for long"`
	Overdue    time.Duration `envconfig:"TRE_HEALTH_OVERDUE" app:"both" default:"15m" desc:"by how much a request's work is past its time before it counts as overdue: sweep has ordered a look again and again by then"`
	Late       int           `envconfig:"TRE_HEALTH_LATE" app:"front" default:"5" desc:"overdue requests that are bad; one is a warning, because one request's trouble is not the system's"`
	Depth      int           `envconfig:"TRE_HEALTH_DEPTH" app:"front" default:"20000" desc:"messages in one queue that are bad; a request of 10,000 files brings as many at once"`
	Age        time.Duration `envconfig:"TRE_HEALTH_AGE" app:"front" default:"30m" desc:"age of a queue's oldest message that is bad"`
	Poison     int           `envconfig:"TRE_HEALTH_POISON" app:"front" default:"10" desc:"poisoned messages at once that are bad; one is a warning, and stands in its request's audit"`
	Dead       int           `envconfig:"TRE_HEALTH_DEAD" app:"front" default:"10" desc:"dead letters in one sweep that are bad; one is a warning, sweep makes up for it"`
	MailFails  int           `envconfig:"TRE_HEALTH_MAIL" app:"front" default:"3" desc:"failures of mail in a row that are bad; one is a warning, because mail servers put off what they do not know"`
	Versions   time.Duration `envconfig:"TRE_HEALTH_VERSIONS" app:"front" default:"30m" desc:"time for which the two apps may be of different versions; longer than a deployment of both"`
}

// Telemetry is where traces and metrics go, by the variables that OpenTelemetry's SDKs share. It reads further ones itself,
// such as OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES and OTEL_TRACES_SAMPLER:
// https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
type Telemetry struct {
	Endpoint        URL      `envconfig:"OTEL_EXPORTER_OTLP_ENDPOINT" app:"both" desc:"OpenTelemetry collector that traces and metrics are sent to; unset means none are made"`
	TracesEndpoint  URL      `envconfig:"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" app:"both" desc:"address for traces alone, with its path"`
	MetricsEndpoint URL      `envconfig:"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT" app:"both" desc:"address for metrics alone, with its path"`
	Headers         Secret   `envconfig:"OTEL_EXPORTER_OTLP_HEADERS" app:"both" desc:"headers that the collector asks for, name=value, separated by commas"`
	Protocol        Protocol `envconfig:"OTEL_EXPORTER_OTLP_PROTOCOL" app:"both" default:"http/protobuf" desc:"http/protobuf; no other is spoken"`
	TracesExporter  Exporter `envconfig:"OTEL_TRACES_EXPORTER" app:"both" default:"otlp" desc:"otlp, or none for no traces"`
	MetricsExporter Exporter `envconfig:"OTEL_METRICS_EXPORTER" app:"both" default:"otlp" desc:"otlp, or none for no metrics"`
	Disabled        bool     `envconfig:"OTEL_SDK_DISABLED" app:"both" default:"false" desc:"true makes no traces and metrics, whatever else is set"`
	SpanDelay       int      `envconfig:"OTEL_BSP_SCHEDULE_DELAY" app:"both" default:"1000" unit:"ms" desc:"longest time a finished span waits to be sent; the host kills without warning, so what waits is lost then"`
	MetricEvery     int      `envconfig:"OTEL_METRIC_EXPORT_INTERVAL" app:"both" default:"15000" unit:"ms" desc:"time between two exports of metrics; shorter than the SDK's minute, since idle processes are ended soon"`
}

// Traces reports whether traces are made.
func (t Telemetry) Traces() bool { return t.on(t.TracesExporter, t.TracesEndpoint) }

// Metrics reports whether metrics are made.
func (t Telemetry) Metrics() bool { return t.on(t.MetricsExporter, t.MetricsEndpoint) }

func (t Telemetry) on(e Exporter, own URL) bool {
	return !t.Disabled && e == ExporterOTLP && (t.Endpoint != "" || own != "")
}
