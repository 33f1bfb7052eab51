package storageproxy

import (
	"encoding/json"
	"encoding/xml"
	"net/http"

	"github.com/google/uuid"
)

// Service is one of storage's three protocols.
type Service string

// The services; an error's body differs between them.
const (
	Blob  Service = "blob"
	Queue Service = "queue"
	Table Service = "table"
)

// Error is a refusal as the storage services phrase it.
// Source: https://learn.microsoft.com/rest/api/storageservices/status-and-error-codes2
type Error struct {
	Status        int
	Code, Message string
}

// Error is the code and the message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Answer writes the refusal: x-ms-error-code in any case, XML from blobs and queues, JSON from tables.
func (e *Error) Answer(w http.ResponseWriter, service Service) {
	w.Header().Set("x-ms-error-code", e.Code)
	w.Header().Set("x-ms-request-id", uuid.NewString())
	if service == Table {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(e.Status)
		writeODataError(w, e)
		return
	}
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(e.Status)
	writeXMLError(w, e)
}

func writeODataError(w http.ResponseWriter, e *Error) {
	type message struct {
		Lang  string `json:"lang"`
		Value string `json:"value"`
	}
	type odataError struct {
		Code    string  `json:"code"`
		Message message `json:"message"`
	}
	// A caller that went away cannot be told so.
	_ = json.NewEncoder(w).Encode(map[string]odataError{
		"odata.error": {Code: e.Code, Message: message{Lang: "en-US", Value: e.Message}},
	})
}

func writeXMLError(w http.ResponseWriter, e *Error) {
	body := struct {
		XMLName xml.Name `xml:"Error"`
		Code    string
		Message string
	}{Code: e.Code, Message: e.Message}
	if _, err := w.Write([]byte(xml.Header)); err == nil {
		_ = xml.NewEncoder(w).Encode(body)
	}
}
