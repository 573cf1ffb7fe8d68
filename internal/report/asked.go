package report

import (
	"fmt"
	"time"
	_ "time/tzdata" // hours are those of a site's zone, on any machine

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// CountBy is Count for a grouping of any kind.
func CountBy(tx *sqlitedb.Tx, set *records.Set, by By, skip func(*records.Row) bool) (map[Key]*Figures, error) {
	get := func(table syncproto.TableID, id syncproto.RecordID) (*records.Row, error) {
		return set.Get(tx, schema.Lookup(table), id)
	}
	switch by {
	case Fair:
		return Count(tx, set, skip, func(sale *records.Row) (Key, error) { return Key{Fair, sale.Of(schema.SaleFair).Raw()}, nil })
	case Venue:
		return Count(tx, set, skip, kept(schema.SaleFair, func(id syncproto.RecordID) (string, error) {
			fair, err := get(schema.Fair, id)
			if err != nil || fair == nil {
				return "", err
			}
			return fair.Of(schema.FairVenue).Text(), nil
		}, func(venue string, _ *records.Row) Key { return Key{Venue, venue} }))
	case Hour:
		return Count(tx, set, skip, kept(schema.SaleSite, func(id syncproto.RecordID) (*time.Location, error) {
			site, err := get(schema.Site, id)
			if err != nil || site == nil {
				return time.UTC, err
			}
			zone, err := time.LoadLocation(site.Of(schema.SiteZone).Text())
			if err != nil { // of a newer release than this one's zones
				return time.UTC, nil
			}
			return zone, nil
		}, func(zone *time.Location, sale *records.Row) Key {
			return Key{Hour, time.UnixMilli(sale.Of(schema.SaleSoldAt).Int()).In(zone).Format("15")}
		}))
	}
	return Count(tx, set, skip)
}

// kept asks for what a group follows from once for each record that a sale names.
func kept[T any](field syncproto.FieldID, ask func(syncproto.RecordID) (T, error), key func(T, *records.Row) Key) func(*records.Row) (Key, error) {
	known := map[syncproto.RecordID]T{}
	return func(sale *records.Row) (Key, error) {
		id := sale.Of(field).ID()
		v, ok := known[id]
		if !ok {
			var err error
			if v, err = ask(id); err != nil {
				return Key{}, err
			}
			known[id] = v
		}
		return key(v, sale), nil
	}
}

// Describe says what is counted, and which records.
func (s *Sales) Describe(by By, in Span) {
	s.Unit = "pieces, lines, receipts; amounts in minor units"
	s.Filter = fmt.Sprintf("sales that were not voided, by %s", by)
	switch by {
	case Hour:
		s.Filter += " of the day at the site"
	case Venue:
		s.Filter += " of the fair; none where they were sold at none"
	}
	if in.From != "" {
		s.Filter += ", from " + in.From
	}
	if in.To != "" {
		s.Filter += ", up to " + in.To
	}
}
