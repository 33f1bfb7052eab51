package portal

import (
	"slices"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// powers are power states in words. Words that are not here are Azure's.
var powers = map[workspace.Power]string{"running": "Running", "stopped": "Switched off, and still paid for", "deallocated": "Stopped", "starting": "Starting", "stopping": "Stopping", "deallocating": "Stopping"}

// powered is a power state in words.
func powered(p workspace.Power) string {
	if text := powers[p]; text != "" {
		return text
	}
	return spoken(string(p))
}

// deedLabels are the actions of machines in words.
var deedLabels = map[string]string{"start": "Start", "stop": "Stop", "restart": "Restart", "resize": "Resize", "redeploy": "Move to another host", "reset_password": "Reset the password"}

// deeds are the actions of a template: those that a machine's power state
// suggests, and all others. What is seen of a machine may be old, so that none is
// kept back.
func deeds(t template.Template, power workspace.Power) (now, more []deedOffer) {
	var suggested []string
	switch {
	case power == "running":
		suggested = []string{"stop", "restart"}
	case power != "":
		suggested = []string{"start"}
	}
	for _, a := range t.CustomActions {
		offer := deedOffer{Name: a.Name, Label: deedLabels[a.Name], Description: a.Description}
		if offer.Label == "" {
			offer.Label = spoken(a.Name)
		}
		if a.Kind == template.OnMachine && a.Name == "resize" {
			for _, size := range t.Field("vm_size").Choices {
				if text, ok := size.(string); ok {
					offer.Sizes = append(offer.Sizes, text)
				}
			}
		}
		if slices.Contains(suggested, a.Name) && a.Kind == template.OnMachine {
			now = append(now, offer)
		} else {
			more = append(more, offer)
		}
	}
	return now, more
}

// deedNames are what is done to resources, in words.
var deedNames = map[workspace.Action]string{workspace.Install: "Made", workspace.Upgrade: "Changed", workspace.Uninstall: "Deleted"}

// deedName is what an operation does, in words.
func deedName(a workspace.Action) string {
	if text := deedNames[a]; text != "" {
		return text
	}
	if text := deedLabels[string(a)]; text != "" {
		return text
	}
	return spoken(string(a))
}

// spoken is a name as people say it.
func spoken(name string) string {
	if name = strings.ReplaceAll(name, "_", " "); name == "" {
		return name
	}
	return strings.ToUpper(name[:1]) + name[1:]
}
