package client

import (
	"net/http"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// agreementOn is what this outlet sells under on a day; nil where it is no outlet, or
// nothing is in force: it sells all the same (R17).
func agreementOn(d *store.Draft, day rules.Day) (*rules.Agreement, error) {
	if d.Identity().Kind != schema.KindOutlet {
		return nil, nil
	}
	all, err := report.ReadAgreements(d.Reader())
	if err != nil {
		return nil, err
	}
	in, ok := rules.AgreementOn(all[d.Identity().Site], day)
	if !ok {
		return nil, nil
	}
	return &in, nil
}

// frozen are the fields by which a line keeps share and agreement of its day.
func frozen(under *rules.Agreement) []store.Field {
	if under == nil {
		return nil
	}
	return []store.Field{field(schema.LineShare, syncproto.IntValue(under.Share)), field(schema.LineAgreement, syncproto.IDValue(under.ID))}
}

// outside says of lines of a day whether this outlet sold them with no agreement in force,
// as far as it has heard of agreements.
func (c *Client) outside(rd *store.Reader) (func(rules.Day, *records.Row) bool, error) {
	me := c.Store.Identity()
	if me.Kind != schema.KindOutlet {
		return func(rules.Day, *records.Row) bool { return false }, nil
	}
	all, err := report.ReadAgreements(rd)
	return func(day rules.Day, line *records.Row) bool {
		return line.Of(schema.LineRefunds).IsNull() && line.Of(schema.LineSite).ID() == me.Site && rules.Outside(all[me.Site], line.Of(schema.LineAgreement).ID(), day)
	}, err
}

func (c *Client) apiAgreements(w http.ResponseWriter, r *http.Request) {
	in, err := report.ParseSpan(r.URL.Query().Get("from"), r.URL.Query().Get("to"))
	var out report.Outlets
	if err == nil {
		err = c.Store.Read(r.Context(), func(rd *store.Reader) error {
			out, err = rd.Outlets(in, c.corrected(c.Now()).UnixMilli())
			return err
		})
	}
	localapi.Answer(w, out, err)
}
