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
	WorkspaceConnections Secrets  `envconfig:"TRE_WORKSPACE_CONNECTIONS" app:"both" desc:"connection strings of workspace accounts, one a line or separated by |; unset where an identity asks"`
	WorkspaceEndpoint    Template `envconfig:"TRE_WORKSPACE_ENDPOINT" app:"both" default:"https://{account}.blob.core.windows.net" desc:"blob service of a workspace account, asked with an identity; another suffix in sovereign clouds"`
}

// Events are the topics that facts come from and go to.
type Events struct {
	TopicEndpoint URL    `envconfig:"TRE_TOPIC_ENDPOINT" app:"both" required:"true" desc:"endpoint of our own Event Grid topic, ending in /api/events"`
	TopicKey      Secret `envconfig:"TRE_TOPIC_KEY" app:"both" desc:"access key of that topic; unset where an identity publishes"`
	OwnTopics     List   `envconfig:"TRE_OWN_TOPICS" app:"front" desc:"topics whose events are believed, as resource ids"`
	ScanTopics    List   `envconfig:"TRE_SCAN_TOPICS" app:"front" desc:"topics whose malware verdicts are believed, as resource ids"`
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
	OrphanAge      time.Duration `envconfig:"TRE_ORPHAN_AGE" app:"engine" default:"24h" desc:"age from which a container that no request owns is purged; longer than any call that may be about to commit"`
	LookInspects   int           `envconfig:"TRE_LOOK_INSPECTS" app:"engine" default:"500" desc:"inspections ordered in one look at a draft; more outputs make an invocation slow, the next look orders the rest"`
	DeliverPages   int           `envconfig:"TRE_DELIVER_PAGES" app:"engine" default:"10" desc:"pages of files delivered by one invocation, so that the manifest is not read for every page"`
	DeliverBusy    time.Duration `envconfig:"TRE_DELIVER_BUSY" app:"engine" default:"20s" desc:"how long a delivery goes on from page to page within one invocation; well below TRE_HINT_AFTER, so that no second one begins beside it"`
	SweepMost      int           `envconfig:"TRE_SWEEP_MOST" app:"engine" default:"5000" desc:"hints given in one sweep, one queue message each; what is due beyond them waits for the next"`
	SweepBatch     int           `envconfig:"TRE_SWEEP_BATCH" app:"engine" default:"100" desc:"poisoned messages of a queue, and dead letters, looked at in one sweep; a queue gives 32 at once, whatever more is set"`
	SubmitInspects int           `envconfig:"TRE_SUBMIT_INSPECTS" app:"front" default:"1000" desc:"inspections that a submit orders itself, so that its answer comes soon; the engine orders the others"`
	Refusals       int           `envconfig:"TRE_REFUSALS_PER_MINUTE" app:"both" default:"5000" desc:"refused messages of a kind that get an audit line of their own in a minute; more are counted: a flood fills no table, a handful is never lost among the names"`
	RefusalsEvery  time.Duration `envconfig:"TRE_REFUSALS_EVERY" app:"both" default:"5s" desc:"how often the number of those without a line of their own is written; a crash loses at most as much of the count"`
	DeadLetters    string        `envconfig:"TRE_DEAD_LETTERS" app:"engine" default:"deadletters" desc:"container of TRE_STATE into which Event Grid puts what it could not deliver"`
	SweepSchedule  Schedule      `envconfig:"TRE_SWEEP_SCHEDULE" app:"engine" default:"0 * * * * *" desc:"when sweep runs, as NCRONTAB; function.json refers to it"`
	RetainSchedule Schedule      `envconfig:"TRE_RETAIN_SCHEDULE" app:"engine" default:"0 30 * * * *" desc:"when retention is checked, as NCRONTAB; function.json refers to it"`
}
