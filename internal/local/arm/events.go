package arm

import (
	"encoding/json"
	"strings"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/local/eventgrid"
)

// eventData is the data of the events of Microsoft.Resources. In Azure authorization, claims and httpRequest are
// objects that name people; here they hold the caller's object id.
// Source: https://learn.microsoft.com/azure/event-grid/event-schema-subscriptions
type eventData struct {
	Authorization    authorization     `json:"authorization"`
	Claims           map[string]string `json:"claims"`
	CorrelationID    string            `json:"correlationId"`
	HTTPRequest      httpRequest       `json:"httpRequest"`
	ResourceProvider string            `json:"resourceProvider"`
	ResourceURI      string            `json:"resourceUri"`
	OperationName    string            `json:"operationName"`
	Status           string            `json:"status"`
	SubscriptionID   string            `json:"subscriptionId"`
	TenantID         string            `json:"tenantId"`
}

type authorization struct {
	Scope    string            `json:"scope"`
	Action   string            `json:"action"`
	Evidence map[string]string `json:"evidence"`
}

type httpRequest struct {
	ClientRequestID string `json:"clientRequestId"`
	ClientIPAddress string `json:"clientIpAddress"`
	Method          string `json:"method"`
	URL             string `json:"url"`
}

// happening is something that happened to a resource.
type happening struct {
	id, typ string
	// verb is write, delete, or an action such as start.
	verb string
	// outcome is Success, Failure or Cancel.
	outcome   string
	principal string
	// correlation is one for all events of a deployment.
	correlation string
}

// tell emits the event of a happening. It may be called under the lock: OnEvent does not wait.
func (s *Server) tell(h happening) {
	operation, family, method := h.typ+"/"+h.verb, "Action", "POST"
	switch h.verb {
	case "write":
		family, method = "Write", "PUT"
	case "delete":
		family, method = "Delete", "DELETE"
	default:
		operation += "/action"
	}
	if isType(h.typ, groupType) {
		operation = "Microsoft.Resources/subscriptions/resourceGroups/" + h.verb
	}
	status := map[string]string{"Success": "Succeeded", "Failure": "Failed", "Cancel": "Canceled"}[h.outcome]
	provider, _, _ := strings.Cut(h.typ, "/")
	data, err := json.Marshal(eventData{
		Authorization: authorization{Scope: h.id, Action: operation, Evidence: map[string]string{"role": "Contributor"}},
		Claims:        map[string]string{"http://schemas.microsoft.com/identity/claims/objectidentifier": h.principal},
		CorrelationID: h.correlation, HTTPRequest: httpRequest{ClientRequestID: uuid.NewString(), ClientIPAddress: "127.0.0.1",
			Method: method, URL: "https://management.azure.com" + h.id},
		ResourceProvider: provider, ResourceURI: h.id, OperationName: operation, Status: status,
		SubscriptionID: subscriptionOf(h.id), TenantID: s.cfg.Tenant,
	})
	if err != nil {
		panic(err) // strings always marshal
	}
	s.cfg.OnEvent(eventgrid.Event{
		ID: uuid.NewString(), Topic: "/subscriptions/" + subscriptionOf(h.id), Subject: h.id,
		EventType: "Microsoft.Resources.Resource" + family + h.outcome, EventTime: eventgrid.FormatTime(s.cfg.Now()),
		Data: data, DataVersion: "2", MetadataVersion: "1",
	})
}

// outcome is Success, or Failure of an error.
func outcome(err *Error) string {
	if err != nil {
		return "Failure"
	}
	return "Success"
}
