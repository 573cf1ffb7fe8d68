package main

import (
	"context"
	"fmt"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/settle"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
)

const (
	settledOn  = 6  // days after the last of a month
	paidOn     = 20 // when branches have heard of it
	byTransfer = 3  // one statement of so many; who gets the others signs for them
)

// planSettlements has head office approve what families are owed of each month of the year,
// and branches pay it: what is refunded later, or comes late, is in the next.
func (y *yearPlay) planSettlements() {
	for month := time.January; month <= time.December; month++ {
		last := yearDay(theYear, month+1, 0)
		y.deed(last.AddDate(0, 0, settledOn).Add(9*time.Hour), func(ctx context.Context) error { return y.settles(ctx, last) })
		y.deed(last.AddDate(0, 0, paidOn).Add(10*time.Hour), y.pays)
	}
}

func (y *yearPlay) settles(ctx context.Context, last time.Time) error {
	done, err := y.server.Settle(ctx, server.NewSettlement{To: last.Format(time.DateOnly), By: "مديرة تجريبية"})
	y.done.statements += len(done.Approved)
	return err
}

// pays has each branch hand over what it knows to be approved.
func (y *yearPlay) pays(ctx context.Context) error {
	for i := range yearBranches {
		at := y.branch(i).client
		list, err := at.Statements(ctx, syncproto.RecordID{})
		if err != nil {
			return err
		}
		for n, s := range list {
			if s.State != rules.LineApproved {
				continue
			}
			p := client.NewPayout{Statement: s.ID, By: "موظفة تجريبية", Method: "transfer"}
			if n%byTransfer > 0 {
				p.Method = "cash"
				if p.Signature, err = attachDrawing(ctx, at); err != nil {
					return err
				}
			}
			if _, err := at.Pay(ctx, p); err != nil {
				return err
			}
			y.done.paid++
		}
	}
	return nil
}

// compareSettled finds all that was sold for families either in statements, which are paid, or
// still due.
func (y *yearPlay) compareSettled(ctx context.Context, r *yearResult) error {
	approved, err := y.server.Statements(ctx, syncproto.RecordID{})
	if err != nil {
		return err
	}
	due, err := y.server.Due(ctx, yearOver.Format(time.DateOnly), syncproto.RecordID{})
	if err != nil {
		return err
	}
	sums, paid := map[string]int64{}, 0
	for _, list := range [][]settle.Statement{approved, due} {
		for _, s := range list {
			sums[s.Currency] += s.GrossMinor
			if s.State == rules.LinePaid {
				paid++
			}
		}
	}
	if len(approved) != y.done.statements || paid != y.done.paid || paid != len(approved) {
		r.differ("%d statements are approved and %d paid; %d were approved and %d paid", len(approved), paid, y.done.statements, y.done.paid)
	}
	for currency, sold := range y.done.sales.AmountMinor {
		if sums[currency] != sold {
			r.differ("statements and what is due come to %s, staff sold %s", fmt.Sprint(currency, " ", settle.Money(sums[currency], currency)), settle.Money(sold, currency))
		}
	}
	return nil
}
