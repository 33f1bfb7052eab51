package azfunc

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// maxMessage is the largest message a storage queue takes, in bytes on the wire, where the host writes it in base64:
// https://learn.microsoft.com/azure/storage/queues/scalability-targets
const maxMessage = 64 << 10

// result is what the host reads. Logs and ReturnValue are there but empty: lines go to stdout, and a ReturnValue that is an
// object would replace outputs.
type result struct {
	Outputs     map[string][]string
	Logs        []string
	ReturnValue any
}

// reply returns the answer's body for out, a struct of outputs.
//
// Every output is an array of texts, one text a message. So a message arrives byte for byte: a bare string that happens to
// be base64 would be decoded, and an object would be indented and every string in it that looks like a date rewritten.
func reply(out reflect.Value) ([]byte, error) {
	r := result{Outputs: map[string][]string{}, Logs: []string{}}
	for field, value := range out.Fields() {
		texts, err := texts(value)
		if err != nil {
			return nil, fmt.Errorf("output %q: %w", outputName(field), err)
		}
		if len(texts) > 0 {
			r.Outputs[outputName(field)] = texts
		}
	}
	return compact(r)
}

// texts returns the messages of one output: none for nil, one for a pointer, one an element for a slice.
func texts(value reflect.Value) ([]string, error) {
	if value.IsNil() {
		return nil, nil
	}
	values := []reflect.Value{value}
	if value.Kind() == reflect.Slice {
		values = values[:0]
		for i := range value.Len() {
			values = append(values, value.Index(i))
		}
	}
	var texts []string
	for _, v := range values {
		text, err := compact(v.Interface())
		if err != nil {
			return nil, err
		}
		if n := base64.StdEncoding.EncodedLen(len(text)); n > maxMessage {
			return nil, fmt.Errorf("message of %d bytes, a queue takes %d", n, maxMessage)
		}
		texts = append(texts, string(text))
	}
	return texts, nil
}

// compact is json.Marshal without the escapes meant for HTML.
func compact(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// outputName is the binding that a field of Out stands for.
func outputName(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	return name
}

// checkOut refuses an Out through which something other than whole messages could leave.
func checkOut(out reflect.Type) error {
	if out.Kind() != reflect.Struct {
		return fmt.Errorf("outputs %v: must be a struct", out)
	}
	for field := range out.Fields() {
		name := outputName(field)
		switch kind := field.Type.Kind(); {
		case !field.IsExported() || field.Anonymous:
			return fmt.Errorf("outputs %v: field %s must be exported and not embedded", out, field.Name)
		case name == "" || name == "-":
			return fmt.Errorf("outputs %v: field %s needs a json name, that of its binding", out, field.Name)
		case kind != reflect.Pointer && kind != reflect.Slice, field.Type.Elem().Kind() != reflect.Struct:
			return fmt.Errorf("outputs %v: field %s must be a pointer to a struct or a slice of structs", out, field.Name)
		}
	}
	return nil
}
