package funchost

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/trefoil-tre/trefoil/internal/local/funchost/jtoken"
)

// eventGridHost is what a CloudEvents handshake is answered with unless the
// caller is another host of Event Grid.
const eventGridHost = "eventgrid.azure.net"

// eventGrid is the webhook of eventGridTrigger (EventGrid's
// HttpRequestProcessor). It answers after the functions have finished.
func (r *Running) eventGrid(life context.Context, a *app, w http.ResponseWriter, req *http.Request) {
	name := req.URL.Query().Get("functionName")
	f, ok := a.function(name)
	if !ok || f.disabled || !f.trigger.is(eventGridTrigger) {
		text(w, http.StatusNotFound, "cannot find function: '"+name+"'")
		return
	}
	kind := req.Header.Get("aeg-event-type")
	switch {
	case req.Method == http.MethodOptions:
		w.Header().Set("Webhook-Allowed-Origin", allowedOrigin(req.Header.Get("WebHook-Request-Origin")))
		w.WriteHeader(http.StatusOK)
	case strings.EqualFold(kind, "Unsubscribe"):
		w.WriteHeader(http.StatusAccepted)
	case strings.EqualFold(kind, "SubscriptionValidation"):
		validateSubscription(w, req)
	case strings.EqualFold(kind, "Notification"):
		r.notify(life, a, f, w, req)
	default:
		w.WriteHeader(http.StatusBadRequest)
	}
}

func allowedOrigin(origin string) string {
	if strings.HasPrefix(origin, "eventgrid.") {
		return origin
	}
	return eventGridHost
}

// validateSubscription answers the handshake of the Event Grid schema (an
// array) and that of CloudEvents (an object whose data is JSON in a string).
// https://learn.microsoft.com/azure/event-grid/end-point-validation-event-grid-events-schema
func validateSubscription(w http.ResponseWriter, req *http.Request) {
	event, err := readEvents(req, jtoken.KeepText)
	if err != nil || len(event) == 0 {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	data, _ := event[0].Get("data")
	if data.Kind == jtoken.String {
		data, _ = jtoken.Parse(data.Text, jtoken.KeepText) // not JSON: no code, as below
	}
	code, ok := data.Get("validationCode")
	if !ok {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = io.WriteString(w, jtoken.Token{}.Set("validationResponse", code).JSON())
}

func (r *Running) notify(life context.Context, a *app, f *function, w http.ResponseWriter, req *http.Request) {
	dates := jtoken.KeepText
	if r.host.Profile.EventGrid == EventGrid330 {
		dates = jtoken.ParseDates
	}
	events, err := readEvents(req, dates)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	if strings.EqualFold(f.trigger.Card, "many") {
		err = r.invoke(life, a, r.eventsCall(f, events))
	} else {
		var group errgroup.Group
		for _, event := range events {
			group.Go(func() error { return r.invoke(life, a, r.eventCall(f, event)) })
		}
		err = group.Wait()
	}
	if err != nil {
		text(w, http.StatusInternalServerError, "Exception while executing function: "+f.fullName())
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

// readEvents takes an array of events or a single one.
func readEvents(req *http.Request, dates jtoken.Dates) ([]jtoken.Token, error) {
	raw, err := io.ReadAll(http.MaxBytesReader(nil, req.Body, maxRequestBody))
	if err != nil {
		return nil, err
	}
	token, err := jtoken.Parse(string(raw), dates)
	switch {
	case err != nil:
		return nil, err
	case token.Kind == jtoken.Object:
		return []jtoken.Token{token}, nil
	case token.Kind != jtoken.Array:
		return nil, errors.New("neither an event nor an array of events")
	}
	for _, item := range token.Items {
		if item.Kind != jtoken.Object {
			return nil, errors.New("an event is not an object")
		}
	}
	return token.Items, nil
}

func (r *Running) eventCall(f *function, event jtoken.Token) call {
	c := call{function: f, data: encode(event), reason: r.firedAt("EventGrid trigger")}
	if data, ok := event.Get("data"); ok {
		c.binding.set("data", data)
	}
	return c
}

func (r *Running) eventsCall(f *function, events []jtoken.Token) call {
	all := jtoken.Token{Kind: jtoken.Array, Items: events}
	data := jtoken.Token{Kind: jtoken.Array}
	for _, event := range events {
		item, _ := event.Get("data")
		data.Items = append(data.Items, item)
	}
	c := call{function: f, data: encode(all), reason: r.firedAt("EventGrid trigger")}
	c.binding.set("data", data)
	return c
}

func (r *Running) firedAt(what string) string {
	return what + " fired at " + jtoken.FormatDate(r.host.Now(), jtoken.Local)
}
