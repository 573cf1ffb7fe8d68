package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

const applied = 500

// oneChange takes the way of a single change: from one device's till to another's
// database, and the last step of it by itself.
func (r *run) oneChange(ctx context.Context) error {
	if err := r.propagate(ctx); err != nil {
		return err
	}
	return r.applyOne(ctx)
}

// applyOne lays rows of the server's into a full database, one a checkpoint, each
// committed, beside a bare commit of such a row. The store is not fit for syncing after it.
func (r *run) applyOne(ctx context.Context) (err error) {
	bare, err := openBareAs(r.path("one.db"), "NORMAL")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bare.close()) }()
	ids := syncproto.NewIDs(rand.Reader, time.Now)
	staging := r.second.store.NewStaging()
	progress := r.second.store.Progress()
	site := r.second.store.Identity().Site
	var ours, theirs []time.Duration
	for n := range applied {
		bought := r.shop.next()
		sale, err := ids.Record()
		if err != nil {
			return err
		}
		m := bareOf(childOf(sale), site[:], time.Now().Format(time.DateOnly), time.Now().UnixMilli(), n, &bought)
		at := progress.Position + syncproto.Position(n) + 1
		rows, checkpoint := rowOf(site, &m.Lines[0], at), &syncproto.Checkpoint{
			Cursor: progress.Cursor, Position: at, Hash: progress.Hash, History: progress.History, TimeMS: time.Now().UnixMilli(),
		}
		began := time.Now()
		if err := staging.Add(ctx, rows, 200); err != nil {
			return err
		}
		if _, err := staging.Checkpoint(ctx, checkpoint, time.Now().UnixMilli()); err != nil {
			return err
		}
		ours = append(ours, time.Since(began))
		began = time.Now()
		if err := commit(bare, &bareMessage{Lines: m.Lines[:1]}); err != nil {
			return err
		}
		theirs = append(theirs, time.Since(began))
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	row := r.beside(fmt.Sprintf("apply one remote change with %s records present, p50", number(float64(r.present))), ms(at50(ours)), ms(at50(theirs)), "ms")
	reached := row.Figure <= 1
	row.Aim, row.Reached = "≤ 1 ms", &reached
	return nil
}

func rowOf(site syncproto.RecordID, l *bareLine, at syncproto.Position) *syncproto.Rows {
	one := func(v syncproto.Value) []syncproto.Value { return []syncproto.Value{v} }
	return &syncproto.Rows{
		Class: syncproto.ClassS, Scope: syncproto.Scope{Kind: syncproto.ScopeSite, ID: site}, Table: schema.SaleLine,
		IDs: []syncproto.RecordID{syncproto.RecordID(l.ID)}, Positions: []syncproto.Position{at},
		Fields: []syncproto.FieldID{schema.LineSale, schema.LineSite, schema.LineProduct, schema.LineQuantity, schema.LineUnitPrice, schema.LineCurrency},
		Columns: [][]syncproto.Value{
			one(syncproto.BytesValue(l.Sale)), one(syncproto.BytesValue(l.Site)), one(syncproto.BytesValue(l.Product)),
			one(syncproto.IntValue(l.Quantity)), one(syncproto.IntValue(l.UnitPrice)), one(syncproto.TextValue(l.Currency)),
		},
	}
}
