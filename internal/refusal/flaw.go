package refusal

import (
	"errors"

	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Flawed is what the schema finds wrong, as a  Its field has the table's name
// for it; the names of a thing are one field to those who type one.
func Flawed(err *syncproto.Error) error {
	f, ok := errors.AsType[*schema.Flaw](err)
	if !ok {
		return err
	}
	r := Wrap(Code(f.Kind), f).On(f.Field)
	switch f.Kind {
	case schema.FlawRange:
		r = r.With("min", f.Min).With("max", f.Max)
	case schema.FlawLong:
		r = r.With("max", f.Max)
	case schema.FlawWord:
		r = r.With("words", f.Words)
	}
	return Renamed(r, map[string]string{"name_ar": "name", "name_fa": "name", "name_en": "name"})
}
