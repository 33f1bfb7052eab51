package sink

import (
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
)

// Hold puts a file there, as if it had been uploaded.
func (s *Sink) Hold(name string, content []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	s.blobs[name] = Blob{Pieces: []Piece{{Size: int64(len(content)), Content: content}}, ETag: fmt.Sprintf(`"0x%016X"`, s.count)}
}

// Stage puts a block there that is not part of a file, as another program does.
func (s *Sink) Stage(name, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.staged[name] = map[string]Piece{id: {}}
}

// index lists the container, in the format of List Blobs.
// https://learn.microsoft.com/rest/api/storageservices/list-blobs#response-body
func (s *Sink) index(w http.ResponseWriter) {
	type properties struct {
		ETag   string `xml:"Etag"`
		Length string `xml:"Content-Length"`
	}
	type blob struct {
		Name       string     `xml:"Name"`
		Properties properties `xml:"Properties"`
	}
	var list struct {
		XMLName xml.Name `xml:"EnumerationResults"`
		Blobs   []blob   `xml:"Blobs>Blob"`
	}
	s.mu.Lock()
	for _, name := range slices.Sorted(maps.Keys(s.blobs)) {
		b := s.blobs[name]
		list.Blobs = append(list.Blobs, blob{name, properties{b.ETag, strconv.FormatInt(b.Size(), 10)}})
	}
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/xml")
	_ = xml.NewEncoder(w).Encode(list) // who asked is gone
}

// read gives a range of a file.
func (s *Sink) read(w http.ResponseWriter, r *http.Request, name string) {
	b, ok := s.Blob(name)
	if !ok {
		answer(w, http.StatusNotFound, "BlobNotFound")
		return
	}
	if match := r.Header.Get("If-Match"); match != "" && match != b.ETag {
		answer(w, http.StatusPreconditionFailed, "ConditionNotMet")
		return
	}
	var content []byte
	for _, p := range b.Pieces {
		content = append(content, p.Content...)
	}
	asked := r.Header.Get("x-ms-range")
	if asked == "" {
		asked = r.Header.Get("Range")
	}
	from, to := 0, len(content)-1
	if _, err := fmt.Sscanf(asked, "bytes=%d-%d", &from, &to); asked != "" && err != nil || from >= len(content) {
		answer(w, http.StatusRequestedRangeNotSatisfiable, "InvalidRange")
		return
	}
	content = content[from : min(to, len(content)-1)+1]
	w.Header().Set("ETag", b.ETag)
	w.Header().Set("Content-Length", strconv.Itoa(len(content)))
	w.WriteHeader(http.StatusPartialContent)
	_, _ = w.Write(content) // who asked is gone
}
