package store

import (
	"context"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// EndShares takes off this device the shares that it may no longer read at a time by
// the server's clock, UTC ms, without having heard from the server: a right that ends at
// a time ends with the cable pulled too. It says which those were.
func (s *Store) EndShares(ctx context.Context, now int64) (ended []syncproto.Share, err error) {
	id := s.Identity()
	if id == nil {
		return nil, nil
	}
	err = s.db.Read(ctx, func(tx *sqlitedb.Tx) error {
		ended, err = endedShares(tx, id.Device, now)
		return err
	})
	if err != nil || len(ended) == 0 {
		return nil, err
	}
	return ended, s.writeNow(ctx, func(b *base) error {
		if ended, err = endedShares(b.tx, id.Device, now); err != nil {
			return err
		}
		for _, share := range ended {
			if err := b.leaveShare(share); err != nil {
				return err
			}
		}
		return b.dropUnclaimed()
	})
}

func endedShares(tx *sqlitedb.Tx, device syncproto.DeviceID, now int64) (ended []syncproto.Share, err error) {
	until := map[syncproto.Share]bool{} // whether some right in it has not ended
	if err := set.Each(tx, schema.Lookup(schema.Grant), `WHERE device = ?`, func(r *records.Row) error {
		for _, p := range schema.PermitsOf(r.Values) {
			until[p.Share] = until[p.Share] || p.RecordsUntil == 0 || now <= p.RecordsUntil
		}
		return nil
	}, device[:]); err != nil {
		return nil, err
	}
	shares, err := covered(tx)
	for _, share := range shares {
		if holds, known := until[share]; known && !holds {
			ended = append(ended, share)
		}
	}
	return ended, err
}
