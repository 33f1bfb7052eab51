package simulation

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
)

// eicar is what the test file of all scanners contains, in two parts so that
// no scanner takes offence at this file.
// https://www.eicar.org/download-anti-malware-testfile/
const eicar = `X5O!P%@AP[4\PZX54(P^)7CC)7}$` + `EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*`

// locked begins a file that no scanner can open.
const locked = "LOCKED"

// scanner is Defender: it looks at what is dropped and at what is to be
// scanned again, and tells by an event.
type scanner struct {
	clean map[string]bool    // SHA-256 of what it found clean
	seen  map[version]string // SHA-256 of every version it looked at
	told  map[version]bool   // of which versions Event Grid has taken that they are malware
	asked int
}

// oddities are Defender's reasons not to scan, all that the documentation has.
// https://learn.microsoft.com/azure/defender-for-cloud/understand-malware-scan-results
var oddities = []string{"SAM259201", "SAM259203", "SAM259204", "SAM259205", "SAM259207", "SAM259213", "SAM259215", "SAM259220", "SAM999999"}

// lockedCodes are those that are a property of the file.
var lockedCodes = []string{"SAM259206", "SAM259208", "SAM259209", "SAM259210", "SAM259211", "SAM259212"}

// created scans a new blob, sooner or later.
func (s *scanner) created(w *World, place airlock.Place, b airlock.Blob) {
	c, err := airlock.ParseContainer(place.Container)
	if err != nil || c.Kind != airlock.DraftFiles && c.Kind != airlock.RescanFiles {
		return // the others are excluded by their prefix
	}
	content := w.content(place, b.Name)
	if c.Kind == airlock.DraftFiles {
		s.seen[version{c.Key, b.Name, b.ETag}] = sha(content)
	}
	if w.storm && w.chance(w.weather.scanLost) {
		w.tracef("the scanner says nothing of a blob in %s", c.Kind)
		return
	}
	delay := w.between(0, 3*time.Minute)
	if w.storm && w.chance(w.weather.factLate) {
		delay += w.between(0, 3*time.Hour)
	}
	w.later(delay, "the scanner is done", func() { w.happened(s.verdict(w, place, b, content)) })
	if len(content) > 0 && w.storm && w.chance(w.weather.scanLate) {
		s.second(w, delay, scanned{place, b, "Malicious", map[string]any{"malwareNamesFound": []string{"Late"}, "sha256": sha(content)}})
	}
}

// version is one version of a file of a request.
type version struct {
	key        airlock.Key
	name, etag string
}

// second has the scanner find malware in what it calls, or called, clean: at
// the same time, or when the request has gone far. Empty files look all alike,
// so it says nothing of them.
func (s *scanner) second(w *World, delay time.Duration, what scanned) {
	delay += w.between(0, pick(w, []time.Duration{time.Second, 20 * time.Minute, 3 * time.Hour, 24 * time.Hour}))
	w.later(delay, "", func() {
		if !w.people.calm {
			w.tracef("the scanner thinks better of %s", what.blob.ETag)
			w.happened(scanEvent(w, what))
		}
	})
}

// verdict is the event that tells what was found.
func (s *scanner) verdict(w *World, place airlock.Place, b airlock.Blob, content []byte) azfunc.Event {
	s.asked++
	details := map[string]any{}
	result := "No threats found"
	switch text := string(content); {
	case w.storm && w.chance(w.weather.scanOdd):
		result = pick(w, []string{"Not Scanned", "Error", "Suspicious"})
		details["notScannedReason"] = pick(w, oddities) + ": not this time"
	case strings.Contains(text, eicar):
		result = "Malicious"
		details["malwareNamesFound"], details["sha256"] = []string{"EICAR"}, strings.ToUpper(sha(content))
	case strings.HasPrefix(text, locked):
		result, details["notScannedReason"] = "Not Scanned", pick(w, lockedCodes)
	default:
		s.clean[sha(content)] = true
		if w.chance(0.3) {
			details["sha256"] = sha(content)
		}
	}
	return scanEvent(w, scanned{place, b, result, details})
}

// scanned is what there is to tell of a blob.
type scanned struct {
	place   airlock.Place
	blob    airlock.Blob
	result  string
	details map[string]any
}

func scanEvent(w *World, s scanned) azfunc.Event {
	name := w.broken(s.blob.Name)
	data, _ := json.Marshal(map[string]any{"correlationId": w.id(), "eTag": w.quoted(s.blob.ETag),
		"blobUri":             fmt.Sprintf("https://%s.blob.core.windows.net/%s/%s", account(s.place), s.place.Container, name),
		"scanFinishedTimeUtc": w.now, "scanResultType": s.result, "scanResultDetails": s.details})
	return azfunc.Event{ID: w.id(), Topic: scanTopic, EventType: "Microsoft.Security.MalwareScanningResult", EventTime: w.now, Data: data,
		Subject: fmt.Sprintf("storageAccounts/%s/containers/%s/blobs/%s", account(s.place), s.place.Container, name)}
}
