package state_test

import (
	"maps"
	"testing"

	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// The figures that Apply keeps are those of whoever the lines were assigned to, in every order
// in which sales and owners come.
func TestALineCountsAsTheFamilysThatItWasAssignedTo(t *testing.T) {
	type step func(o *org, stall *device, sale syncproto.RecordID, goods syncproto.RecordID, families [2]syncproto.RecordID)
	sells := func(o *org, d *device, sale, goods syncproto.RecordID, _ [2]syncproto.RecordID) {
		d.does(o.sale(sale, goods, 1, 2)...)
	}
	assigns := func(line, family int) step {
		return func(o *org, d *device, sale, _ syncproto.RecordID, families [2]syncproto.RecordID) {
			d.does(o.owns(sale.Child(line), families[family]))
		}
	}
	for _, x := range []struct {
		name  string
		steps []step
		want  [3]int64 // pieces of nobody, of the first family, of the second
	}{
		{"nobody's", []step{sells}, [3]int64{3, 0, 0}},
		{"one line assigned", []step{sells, assigns(2, 0)}, [3]int64{1, 2, 0}},
		{"both, to two families", []step{sells, assigns(1, 0), assigns(2, 1)}, [3]int64{0, 1, 2}},
		{"the owner comes first", []step{assigns(1, 0), sells}, [3]int64{2, 1, 0}},
		{"with the sale", []step{func(o *org, d *device, sale, goods syncproto.RecordID, families [2]syncproto.RecordID) {
			d.does(append(o.sale(sale, goods, 1, 2), o.owns(sale.Child(1), families[0]))...)
		}}, [3]int64{2, 1, 0}},
		{"of a line that never comes", []step{sells, assigns(3, 0)}, [3]int64{3, 0, 0}},
		{"assigned to another", []step{sells, assigns(2, 0), func(o *org, d *device, sale, _ syncproto.RecordID, families [2]syncproto.RecordID) {
			d.doesSo([]syncproto.Change{update(schema.LineOwner, schema.LineOwnerID(sale.Child(2)),
				ref(schema.OwnerFamily, families[1]), text(schema.OwnerBy, "Mariam"), number(schema.OwnerAt, noon+1))}, seeing(o.here()))
		}}, [3]int64{1, 0, 2}},
		{"and taken back", []step{sells, assigns(2, 0), func(o *org, d *device, sale, _ syncproto.RecordID, _ [2]syncproto.RecordID) {
			d.doesSo([]syncproto.Change{update(schema.Sale, sale, boolean(schema.Voided, true), text(schema.SaleVoidReason, "made up"))}, seeing(o.here()))
		}}, [3]int64{0, 0, 0}},
	} {
		t.Run(x.name, func(t *testing.T) {
			o := newOrg(t)
			stall, goods, sale, families := o.stall(), o.newID(), o.newID(), [2]syncproto.RecordID{o.newID(), o.newID()}
			o.node.does(create(schema.Family, families[0], text(schema.NameEn, "One")), create(schema.Family, families[1], text(schema.NameEn, "Two")))
			stall.does(product(goods, "Incense"))
			for _, s := range x.steps {
				s(o, stall, sale, goods, families)
			}
			want := map[string]int64{}
			for i, key := range []string{"", string(families[0][:]), string(families[1][:])} {
				if x.want[i] > 0 {
					want[key] = x.want[i]
				}
			}
			o.read(func(r *state.Reader) error {
				kept, err := r.Figures()
				counted, cerr := r.CountFigures(report.Family, report.Span{From: "2026-11-21", To: "2026-11-21"})
				if err != nil || cerr != nil {
					t.Fatal(err, cerr)
				}
				for what, figures := range map[string]map[report.Key]*report.Figures{"kept": kept, "counted": counted} {
					got, days := map[string]int64{}, map[string]int64{}
					for key, f := range figures {
						if f.Pieces != 0 && key.By == report.Family {
							got[key.Value] = f.Pieces
						}
						if _, id := key.Parts(); f.Pieces != 0 && key.By == report.FamilyDay {
							days[id] = f.Pieces
						}
					}
					if !maps.Equal(got, want) || !maps.Equal(days, want) {
						t.Errorf("%s: pieces by family are %v, by its days %v, want %v", what, got, days, want)
					}
				}
				return nil
			})
			o.sound()
		})
	}
}

func (o *org) owns(line, family syncproto.RecordID) syncproto.Change {
	return create(schema.LineOwner, schema.LineOwnerID(line), ref(schema.OwnerLine, line), ref(schema.OwnerSite, o.site), ref(schema.OwnerFamily, family),
		text(schema.OwnerBy, "made up"), number(schema.OwnerAt, noon))
}
