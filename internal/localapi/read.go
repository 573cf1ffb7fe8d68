package localapi

import (
	"bytes"
	"cmp"
	"encoding"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
)

// MaxRequest bounds the body of a request.
const MaxRequest = 256 << 10

// Flag is a parameter that is true or false; false where it is not given.
func Flag(r *http.Request, name string) (bool, error) {
	given := r.URL.Query().Get(name)
	if given == "" {
		return false, nil
	}
	set, err := strconv.ParseBool(given)
	if err != nil {
		return false, refusal.Parameter(name, "%q is neither true nor false", given)
	}
	return set, nil
}

// QueryID is the id that an address names; zero where it names none.
func QueryID(r *http.Request, name string) (id syncproto.RecordID, err error) {
	if given := r.URL.Query().Get(name); given != "" {
		if id, err = syncproto.ParseRecordID(given); err != nil {
			err = refusal.Parameter(name, "%q is no id", given)
		}
	}
	return id, err
}

// Read reads a request's body, one JSON object, into the struct that v points to. What
// it refuses it names by its place, as in lines[2].quantity.
func Read(w http.ResponseWriter, r *http.Request, v any) error {
	return ReadUpTo(w, r, v, MaxRequest)
}

// ReadUpTo is Read for requests that carry a file, of at most so many bytes.
func ReadUpTo(w http.ResponseWriter, r *http.Request, v any, most int64) error {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return refusal.New(refusal.NotJSON, "send JSON, with Content-Type: application/json")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return refusal.New(refusal.TooLarge, "a request has at most %d bytes", most).With("max", most)
	}
	if err != nil {
		return refusal.New(refusal.Malformed, "cannot read the request: %v", err)
	}
	if !json.Valid(body) || !bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		return refusal.New(refusal.Malformed, "the request is not one JSON object")
	}
	return fill(reflect.ValueOf(v).Elem(), body, "")
}

// fill reads valid JSON into v; place is where it stands in the request.
func fill(v reflect.Value, raw json.RawMessage, place string) error {
	_, text := v.Addr().Interface().(encoding.TextUnmarshaler)
	null := bytes.Equal(raw, []byte("null"))
	switch {
	case text || null:
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return fill(v.Elem(), raw, place)
	case v.Kind() == reflect.Struct:
		return fillStruct(v, raw, place)
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8: // bytes are text, in base64
		var items []json.RawMessage
		if json.Unmarshal(raw, &items) != nil {
			return wrongType(v, place)
		}
		v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
		for i, item := range items {
			if err := fill(v.Index(i), item, place+"["+strconv.Itoa(i)+"]"); err != nil {
				return err
			}
		}
		return nil
	}
	switch err := json.Unmarshal(raw, v.Addr().Interface()); {
	case err == nil:
		return nil
	case text:
		return refusal.New(refusal.BadID, "%s: %s is no id", place, raw).On(place)
	}
	return wrongType(v, place)
}

func fillStruct(v reflect.Value, raw json.RawMessage, place string) error {
	var given map[string]json.RawMessage
	if json.Unmarshal(raw, &given) != nil {
		return wrongType(v, place)
	}
	for f, value := range v.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		raw, ok := given[name]
		if !ok {
			continue
		}
		delete(given, name)
		if err := fill(value, raw, below(place, name)); err != nil {
			return err
		}
	}
	if len(given) > 0 {
		name := slices.Min(slices.Collect(maps.Keys(given)))
		return refusal.New(refusal.UnknownField, "there is no field %s here", below(place, name)).On(below(place, name))
	}
	return nil
}

func below(place, name string) string { return strings.TrimPrefix(place+"."+name, ".") }

func wrongType(v reflect.Value, place string) error {
	want := map[reflect.Kind]string{reflect.String: "a text", reflect.Bool: "true or false", reflect.Slice: "a list", reflect.Struct: "an object"}[v.Kind()]
	if want == "" {
		want = "a whole number"
	}
	return refusal.New(refusal.WrongType, "%s: want %s", cmp.Or(place, "the request"), want).On(place)
}

// PathID reads the id in a request's address.
func PathID[T any, P interface {
	*T
	encoding.TextUnmarshaler
}](r *http.Request) (id T, err error) {
	if P(&id).UnmarshalText([]byte(r.PathValue("id"))) != nil {
		err = refusal.New(refusal.BadID, "%q is no id", r.PathValue("id")).On("id")
	}
	return id, err
}
