// Package refusal is how either side says no: a code and values, for pages that speak
// the reader's language, and one English sentence for scripts and logs.
package refusal

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Error is a refusal. It is made where the rule is; errors.Is compares codes.
type Error struct {
	Code    Code           `json:"code"`
	Field   string         `json:"field,omitempty"`  // of the request, as in lines[2].quantity
	Values  map[string]any `json:"values,omitempty"` // what the code's message names
	Message string         `json:"message"`          // English, for scripts: what to do next
	cause   error
}

// New makes a refusal with its sentence.
func New(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Parameter refuses a value that stands in a request's address.
func Parameter(name, format string, args ...any) *Error {
	return New(BadParameter, format, args...).On(name)
}

// Wrap makes a refusal of an error, whose sentence it keeps.
func Wrap(code Code, err error) *Error {
	return &Error{Code: code, Message: err.Error(), cause: err}
}

// On says which field of the request is meant.
func (e *Error) On(field string) *Error {
	c := *e
	c.Field = field
	return &c
}

// With adds a value that the code's message names.
func (e *Error) With(name string, v any) *Error {
	c := *e
	c.Values = maps.Clone(e.Values)
	if c.Values == nil {
		c.Values = map[string]any{}
	}
	c.Values[name] = v
	return &c
}

func (e *Error) Error() string { return e.Message }

// Unwrap gives what the refusal was made of.
func (e *Error) Unwrap() error { return e.cause }

// Is says whether target is a refusal for the same reason.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// Status is the HTTP status of the refusal.
func (e *Error) Status() int { return cmp.Or(statuses[e.Code], statuses[Internal]) }

// Of is the refusal that an error is or wraps, with the whole error's sentence; what is
// none is a fault of the program's.
func Of(err error) *Error {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return Wrap(Internal, err)
	}
	c := *e
	c.Message = err.Error()
	return &c
}

// Under puts a refusal's field below a part of the request, as quantity below lines[2].
// Other errors stay as they are.
func Under(part string, err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return err
	}
	return e.On(strings.TrimSuffix(part+"."+e.Field, "."))
}

// Renamed gives a refusal's field the name that the request has for it.
func Renamed(err error, names map[string]string) error {
	e, ok := errors.AsType[*Error](err)
	if !ok || names[e.Field] == "" {
		return err
	}
	return e.On(names[e.Field])
}

// Codes lists all codes, by name.
func Codes() []Code { return slices.Sorted(maps.Keys(statuses)) }
