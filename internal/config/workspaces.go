package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"time"
)

// Workspaces is what the engine makes workspaces with. It is an optional part: without a subscription everything else works.
type Workspaces struct {
	TRE          TREID   `envconfig:"TRE_ID" app:"both" default:"tre" desc:"id of this TRE: it begins the names of resource groups, and costs are told apart by it; it must not change afterwards"`
	Location     string  `envconfig:"TRE_LOCATION" app:"both" desc:"Azure region of workspaces that name none, such as westeurope"`
	Subscription string  `envconfig:"TRE_SUBSCRIPTION" app:"both" desc:"id of the subscription that workspaces are made in unless they name another; unset means that this TRE makes none"`
	CoreGroup    string  `envconfig:"TRE_CORE_GROUP" app:"both" desc:"resource group of the core, in which shared services are made"`
	Platform     Object  `envconfig:"TRE_PLATFORM" app:"engine" default:"{}" desc:"what templates are told of the core network, its zones and identities, as JSON: their parameter platform"`
	Space        Range   `envconfig:"TRE_ADDRESS_SPACE" app:"both" default:"10.0.0.0/12" desc:"address space of all workspaces together"`
	CoreSpace    Range   `envconfig:"TRE_CORE_ADDRESS_SPACE" app:"both" default:"10.0.0.0/22" desc:"address space of the core, which no workspace gets"`
	ARM          Service `envconfig:"TRE_ARM_ENDPOINT" app:"engine" default:"https://management.azure.com" desc:"Azure Resource Manager, that of your cloud, asked with the app's identity"`
	ARMAudience  string  `envconfig:"TRE_ARM_AUDIENCE" app:"engine" desc:"audience of tokens for it; unset means its address"`
	ARMTopics    List    `envconfig:"TRE_ARM_TOPICS" app:"front" desc:"subscriptions whose resource events are believed, as resource ids; unset means none, which is fine: they only make looks come earlier"`
	VaultURL     Service `envconfig:"TRE_VAULT_URL" app:"both" desc:"address of the TRE's Key Vault, in which sensitive properties are kept"`
	VaultID      string  `envconfig:"TRE_VAULT_ID" app:"engine" desc:"resource id of that vault, by which Azure Resource Manager reads what a deployment refers to"`
	Principals   List    `envconfig:"TRE_ENGINE_PRINCIPAL" app:"engine" desc:"object ids that the deny settings of stacks exempt, the engine's own identity first, five at most; leave room for backup and policy"`
	TokenKeys    Secrets `envconfig:"TRE_TOKEN_KEYS" app:"engine" desc:"keys that seal resume tokens of deployments, at least 32 characters each, newest first, one a line or separated by |; unset means that none are kept, which costs time after some failures"`

	ARMTimeout time.Duration `envconfig:"TRE_ARM_TIMEOUT" app:"engine" default:"1m" max:"5m" desc:"longest wait for one call to Azure Resource Manager, retries included; a large template is checked before it is taken"`
	LookFirst  time.Duration `envconfig:"TRE_LOOK_FIRST" app:"both" default:"15s" max:"10m" desc:"time until the first look at a deployment; a person waits so much longer, and each look is a call to Azure"`
	LookMost   time.Duration `envconfig:"TRE_LOOK_MOST" app:"both" default:"2m" max:"1h" desc:"longest pause between two looks at a deployment; the pauses double until then"`
	Tries      int           `envconfig:"TRE_STEP_TRIES" app:"both" default:"5" max:"100" desc:"how often a step that met trouble which passes is started again before it failed"`
	Patience   time.Duration `envconfig:"TRE_HOLD_PATIENCE" app:"both" default:"6h" max:"168h" desc:"how long a step waits for a resource that another operation holds, while nothing happens to it, before it failed"`
	Request    time.Duration `envconfig:"TRE_REQUEST_LIFE" app:"both" default:"720h" desc:"how long a request for a workspace waits for an administrator before it ends by itself"`
	Approval   time.Duration `envconfig:"TRE_APPROVAL_LONGEST" app:"both" default:"8760h" desc:"longest life of a standing approval: whoever gave it should think of it once a year"`
	Machines   int           `envconfig:"TRE_WORKSPACE_MACHINES" app:"both" default:"50" min:"0" max:"10000" desc:"most virtual machines of a workspace, unless its property max_machines says otherwise; 0 means any number"`
	Cores      int           `envconfig:"TRE_WORKSPACE_CORES" app:"both" default:"400" min:"0" max:"100000" desc:"most processor cores of a workspace's machines together, unless its property max_cores says otherwise; 0 means any number"`
	Tend       Schedule      `envconfig:"TRE_TEND_SCHEDULE" app:"engine" default:"0 */5 * * * *" desc:"when running machines are looked after, as NCRONTAB; function.json refers to it; power states are as old as that"`
	IdleCPU    int           `envconfig:"TRE_IDLE_CPU" app:"engine" default:"5" max:"100" desc:"percent of its processors from which on a machine is in use; a desktop that nobody touches stays below 5"`
	Warning    time.Duration `envconfig:"TRE_STOP_WARNING" app:"both" default:"30m" max:"24h" desc:"how long before a machine is stopped its owner is warned: time to save what one is at"`
	Extension  time.Duration `envconfig:"TRE_STOP_EXTENSION" app:"both" default:"72h" max:"8784h" desc:"how far ahead the owner of a machine may put off its stop; 72 hours bridge a weekend"`
	StopAgain  time.Duration `envconfig:"TRE_STOP_AGAIN" app:"engine" default:"1h" max:"168h" desc:"after which a stop of an idle machine that failed is tried again"`
	Drift      time.Duration `envconfig:"TRE_DRIFT_EVERY" app:"engine" default:"24h" min:"0" max:"8784h" desc:"how often Azure is compared with the table by itself; 0 means only when an administrator asks"`
	Unowned    time.Duration `envconfig:"TRE_UNOWNED_AFTER" app:"engine" default:"1h" desc:"age from which address ranges that no resource took are free again; longer than any call that may be about to commit"`
}

// On reports whether this TRE makes workspaces.
func (w Workspaces) On() bool { return w.Subscription != "" }

// check tells what is missing for making workspaces, or does not go together.
func (w Workspaces) check(app App) []error {
	if !w.On() {
		return nil
	}
	var problems []error
	missing := func(is bool, name, what string) {
		if is {
			problems = append(problems, fmt.Errorf("%s: not set, and TRE_SUBSCRIPTION is: set %s", name, what))
		}
	}
	missing(w.Location == "", "TRE_LOCATION", "the Azure region of workspaces")
	missing(w.CoreGroup == "", "TRE_CORE_GROUP", "the resource group of the core")
	missing(w.VaultURL == "", "TRE_VAULT_URL", "the address of the TRE's Key Vault")
	if app.Engine() {
		missing(w.VaultID == "", "TRE_VAULT_ID", "the resource id of the TRE's Key Vault")
		missing(w.ARM == "", "TRE_ARM_ENDPOINT", "the address of Azure Resource Manager")
		missing(len(w.Principals) == 0, "TRE_ENGINE_PRINCIPAL", "the object id of the engine's identity")
		if len(w.Principals) > maxPrincipals {
			problems = append(problems, fmt.Errorf("TRE_ENGINE_PRINCIPAL: %d, deny settings exempt %d at most", len(w.Principals), maxPrincipals))
		}
		for _, key := range w.TokenKeys {
			if len(key.Reveal()) < minCookieKey {
				problems = append(problems, errors.New("TRE_TOKEN_KEYS: a key is shorter than 32 characters: set longer random ones"))
				break
			}
		}
	}
	if w.LookMost < w.LookFirst {
		problems = append(problems, errors.New("TRE_LOOK_MOST: must be at least TRE_LOOK_FIRST"))
	}
	return problems
}

// maxPrincipals is how many a stack's deny settings exempt.
// https://learn.microsoft.com/azure/azure-resource-manager/bicep/deployment-stacks
const maxPrincipals = 5

// TREID is the id of a TRE.
type TREID string

// treID keeps "rg-<id>-ws-<suffix>" within the 90 characters of a resource group's name.
var treID = regexp.MustCompile(`^[a-z][a-z0-9-]{0,30}[a-z0-9]$`)

// Set reads the setting's text.
func (t *TREID) Set(text string) error {
	if !treID.MatchString(text) {
		return errors.New("not 2 to 32 lower-case letters, digits and - that begin with a letter")
	}
	*t = TREID(text)
	return nil
}

// Range is a range of IPv4 addresses.
type Range struct{ netip.Prefix }

// Set reads the setting's text.
func (r *Range) Set(text string) error {
	p, err := netip.ParsePrefix(text)
	if err != nil || !p.Addr().Is4() || p != p.Masked() || p.Bits() < 8 || p.Bits() > 28 {
		return errors.New("not a range of IPv4 addresses from /8 to /28 without host bits, such as 10.0.0.0/12")
	}
	r.Prefix = p
	return nil
}

// Object is a JSON object.
type Object map[string]any

// Set reads the setting's text. What is in it is not shown: only templates know what it means.
func (o *Object) Set(text string) error {
	var all map[string]any
	if json.Unmarshal([]byte(text), &all) != nil || all == nil {
		return errors.New("not a JSON object")
	}
	*o = all
	return nil
}
