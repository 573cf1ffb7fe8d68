package state_test

import (
	"strings"
	"testing"

	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// A look after one scan must not read the scans of years.
func TestWhatStandingsFollowFromIsFoundByIndexes(t *testing.T) {
	o := newOrg(t)
	for table, fields := range map[syncproto.TableID][]syncproto.FieldID{
		schema.Membership: {schema.MembershipPerson, schema.MembershipFamily}, schema.Ground: {schema.GroundPerson}, schema.IdentityDocument: {schema.DocumentPerson},
		schema.PolicySignature: {schema.SignaturePerson}, schema.Scan: {schema.ScanPerson, schema.ScanSession}, schema.Attendance: {schema.AttendancePerson},
		schema.AttendanceCorrection: {schema.CorrectionPerson}, schema.Credit: {schema.CreditPerson, schema.CreditSession}, schema.PersonAlias: {schema.AliasPerson, schema.AliasOf},
		schema.WorkshopSession: {schema.SessionWorkshop}, schema.Participation: {schema.PartFair, schema.PartFamily},
	} {
		for _, field := range fields {
			if err := o.state.Read(ctx, func(r *state.Reader) error {
				plan, err := r.PlanOf(table, field)
				if !strings.Contains(plan, "USING INDEX") || strings.Contains(plan, "TEMP B-TREE") {
					t.Errorf("%s by field %d: %s", schema.Lookup(table).Name, field, plan)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
}
