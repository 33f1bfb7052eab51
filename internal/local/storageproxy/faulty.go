package storageproxy

import (
	"log/slog"
	"net/http"
	"strings"
)

// Faulty is a proxy before a queue or table service that fails the calls the injector picks.
func Faulty(service Service, upstream string, in *Injector) (http.Handler, error) {
	next, err := New(upstream, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		in.Serve(w, r, describe(service, r), next)
	}), nil
}

func describe(service Service, r *http.Request) Call {
	account, resource, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	call := Call{Service: service, Account: account, Resource: resource, Operation: r.Method}
	switch {
	case service == Table && resource == "$batch":
		call.Operation = "Transaction"
	case service == Queue && strings.Contains(resource, "/messages"):
		call.Operation = messageOperation(r)
	}
	return call
}

// messageOperation names a call on a queue's messages as the REST reference does.
// Source: https://learn.microsoft.com/rest/api/storageservices/operations-on-messages
func messageOperation(r *http.Request) string {
	switch {
	case r.Method == http.MethodPost:
		return "PutMessage"
	case r.Method == http.MethodPut:
		return "UpdateMessage"
	case r.Method == http.MethodDelete && strings.HasSuffix(r.URL.Path, "/messages"):
		return "ClearMessages"
	case r.Method == http.MethodDelete:
		return "DeleteMessage"
	case r.URL.Query().Get("peekonly") == "true":
		return "PeekMessages"
	default:
		return "GetMessages"
	}
}
