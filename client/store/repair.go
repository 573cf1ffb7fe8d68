package store

import (
	"context"
	"maps"
	"slices"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// maxRepairs is how often one share is repaired in vain before a person has to look: what
// three comparisons of every record do not mend, a fourth will not either.
const maxRepairs = 3

// Differing lists the shares that differ from the server's and are worth repairing;
// beyond says how many were repaired in vain too often.
func (s *Store) Differing(ctx context.Context) (shares []syncproto.Share, beyond int, err error) {
	err = s.db.Read(ctx, func(tx *sqlitedb.Tx) error {
		return tx.Query(func(row sqlitedb.Row) error {
			scope, err := syncproto.ScopeFromBinary(row.Blob(1))
			if row.Int(2) > maxRepairs {
				beyond++
			} else {
				shares = append(shares, syncproto.Share{Class: syncproto.Class(row.Int(0)), Scope: scope})
			}
			return err
		}, `SELECT class, scope, differs FROM share WHERE differs > 0 AND covered = 1 ORDER BY class, scope`)
	})
	return shares, beyond, err
}

// RetryRepairs lets a person have shares repaired again that were given up.
func (s *Store) RetryRepairs(ctx context.Context) error {
	return s.db.Write(ctx, func(tx *sqlitedb.Tx) error {
		return tx.Exec(`UPDATE share SET differs = 1 WHERE differs > 1`)
	})
}

// RangeTree adds up what base has of a share.
func (s *Store) RangeTree(ctx context.Context, share syncproto.Share) (*syncproto.RangeTree, error) {
	tree := &syncproto.RangeTree{}
	return tree, s.eachMember(ctx, share, func(r *records.Row, h syncproto.Hash) { tree.Add(r.Table.ID, r.ID, h) })
}

// RangeItems lists what base has in leaves of a share's tree.
func (s *Store) RangeItems(ctx context.Context, share syncproto.Share, leaves []uint32) ([]syncproto.Item, error) {
	wanted := make(map[uint32]bool, len(leaves))
	for _, l := range leaves {
		wanted[l] = true
	}
	var items []syncproto.Item
	return items, s.eachMember(ctx, share, func(r *records.Row, h syncproto.Hash) {
		if wanted[syncproto.RangeLeaf(r.Table.ID, r.ID)] {
			items = append(items, syncproto.Item{Table: r.Table.ID, Record: r.ID, Mark: syncproto.MarkOf(h)})
		}
	})
}

// eachMember gives the records of base in a share with their hashes. One that cannot be
// read is passed over: the server's then takes its place.
func (s *Store) eachMember(ctx context.Context, share syncproto.Share, f func(*records.Row, syncproto.Hash)) error {
	return s.db.Read(ctx, func(tx *sqlitedb.Tx) error {
		b := &base{tx: tx}
		for _, t := range schema.All {
			if t.Class != share.Class {
				continue
			}
			if err := set.Readable(tx, t, func(r *records.Row) error {
				own, err := b.baseRow(r)
				if err != nil || own == nil {
					return err
				}
				for _, scope := range own.Scopes(nil) {
					if scope == share.Scope {
						f(own, b.hasher.Hash(own))
					}
				}
				return ctx.Err()
			}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Lacking stages that the server does not have records of a share.
func (g *Staging) Lacking(share syncproto.Share, lists []syncproto.TableIDs) {
	if len(lists) > 0 {
		g.frames = append(g.frames, &syncproto.Leave{Class: share.Class, Scope: share.Scope, Records: lists})
	}
}

// Repaired says that all was asked for that is known to differ in a share: the next
// checkpoint tells whether it helped.
func (g *Staging) Repaired(share syncproto.Share) { g.repaired = &share }

// Scrub adds up every digest anew from the records, and returns the shares whose kept
// digest was not theirs: what stands there has changed by itself. They differ from the
// server's from now on, until they are repaired. Nobody waits for it where all is well.
func (s *Store) Scrub(ctx context.Context) (damaged []syncproto.Share, err error) {
	sound := false
	if err := s.db.Read(ctx, func(tx *sqlitedb.Tx) error {
		b := &base{tx: tx, digests: map[syncproto.Share]*digest{}, progress: &Progress{}}
		fresh, err := b.addUp(ctx)
		if err != nil {
			return err
		}
		_, err = b.recount(fresh)
		sound = !slices.ContainsFunc(slices.Collect(maps.Values(b.digests)), func(d *digest) bool { return d.dirty })
		return err
	}); err != nil || sound {
		return nil, err
	}
	err = s.write(ctx, func(b *base) error {
		fresh, err := b.addUp(ctx)
		if err != nil {
			return err
		}
		damaged, err = b.recount(fresh)
		return err
	})
	return damaged, err
}

// addUp counts every digest, and the records with own changes, anew.
func (b *base) addUp(ctx context.Context) (map[syncproto.Share]*syncproto.Digest, error) {
	fresh := map[syncproto.Share]*syncproto.Digest{}
	b.progress.ownRows = 0
	for _, t := range schema.All {
		if err := set.Readable(b.tx, t, func(r *records.Row) error {
			if state := r.Meta[metaState]; state == made || state == edited {
				b.progress.ownRows++
			}
			own, err := b.baseRow(r)
			if err != nil || own == nil {
				return err
			}
			h := b.hasher.Hash(own)
			for _, scope := range own.Scopes(nil) {
				share := syncproto.Share{Class: t.Class, Scope: scope}
				if fresh[share] == nil {
					fresh[share] = &syncproto.Digest{}
				}
				fresh[share].Add(h)
			}
			return ctx.Err()
		}); err != nil {
			return nil, err
		}
	}
	return fresh, nil
}

// recount takes over what was counted where it is not what was kept.
func (b *base) recount(fresh map[syncproto.Share]*syncproto.Digest) (damaged []syncproto.Share, err error) {
	var shares []syncproto.Share
	if err := b.tx.Query(func(row sqlitedb.Row) error {
		scope, err := syncproto.ScopeFromBinary(row.Blob(1))
		shares = append(shares, syncproto.Share{Class: syncproto.Class(row.Int(0)), Scope: scope})
		return err
	}, `SELECT class, scope FROM share ORDER BY class, scope`); err != nil {
		return nil, err
	}
	for _, share := range shares {
		if fresh[share] == nil {
			fresh[share] = &syncproto.Digest{}
		}
	}
	for share, sum := range fresh {
		d, err := b.digest(share)
		if err != nil {
			return nil, err
		}
		if d.Digest == *sum {
			continue
		}
		d.Digest, d.dirty = *sum, true
		if d.covered {
			d.differs = max(d.differs, 1)
			damaged = append(damaged, share)
		}
	}
	return damaged, nil
}
