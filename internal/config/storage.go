package config

import (
	"errors"
	"strings"
)

// Storage is how to reach a storage account, by the Functions host's own convention, so that function.json can name the same
// setting: either a connection string, whose account key signs, or the account's name, which is asked with an identity.
// https://learn.microsoft.com/azure/azure-functions/functions-reference#configure-an-identity-based-connection
type Storage struct {
	Connection Secret `envconfig:"" desc:"connection string; for one machine only"`
	Account    string `envconfig:"__ACCOUNTNAME" desc:"name; asked with an identity"`
	BlobURI    URL    `envconfig:"__BLOBSERVICEURI" desc:"blob service where it is not https://<name>.blob.core.windows.net"`
	QueueURI   URL    `envconfig:"__QUEUESERVICEURI" desc:"queue service where it is not https://<name>.queue.core.windows.net"`
	TableURI   URL    `envconfig:"__TABLESERVICEURI" desc:"table service where it is not https://<name>.table.core.windows.net"`
}

// Blobs returns the blob service's address, for an identity; empty with a connection string.
func (s Storage) Blobs() string { return s.service(s.BlobURI, "blob") }

// Queues returns the queue service's address, for an identity; empty with a connection string.
func (s Storage) Queues() string { return s.service(s.QueueURI, "queue") }

// Tables returns the table service's address, for an identity; empty with a connection string.
func (s Storage) Tables() string { return s.service(s.TableURI, "table") }

func (s Storage) service(given URL, kind string) string {
	switch {
	case given != "":
		return string(given)
	case s.Account != "":
		return "https://" + s.Account + "." + kind + ".core.windows.net"
	}
	return ""
}

// check tells whether it is clear how to reach the account called name.
func (s Storage) check(name string) error {
	key := !s.Connection.IsZero()
	identity := s.Account != ""
	switch {
	case key && (identity || s.BlobURI != "" || s.QueueURI != "" || s.TableURI != ""):
		return errors.New(name + ": both a connection string and an account: set " + name + " or " + name + "__ACCOUNTNAME, not both")
	case !key && !identity:
		return errors.New(name + ": not set: set " + name + "__ACCOUNTNAME to the account's name, or " + name + " to a connection string on one machine")
	}
	return nil
}

// Name returns the account's name, from the connection string where there is one.
func (s Storage) Name() string {
	for part := range strings.SplitSeq(s.Connection.Reveal(), ";") {
		if key, value, _ := strings.Cut(part, "="); strings.EqualFold(strings.TrimSpace(key), "AccountName") {
			return value
		}
	}
	return s.Account
}
