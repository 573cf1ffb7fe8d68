package client

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/ledger"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/recorder"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Routes is the local API of a site; openapi.json describes it, and a test holds the
// two together. Every write carries an
// id made by the caller, and asking again with it is harmless.
func (c *Client) Routes() []localapi.Route {
	return slices.Concat([]localapi.Route{
		{Method: "GET", Path: "/api/me", Summary: "Who this site is", Response: Me{}, Handle: c.apiMe},
		{Method: "GET", Path: "/api/status", Summary: "What is saved here and what has arrived", Response: Status{}, Handle: c.apiStatus},
		{Method: "POST", Path: "/api/sync", Summary: "Sync until nothing is left to send or hear", Query: []string{"patience", "repair"}, Response: SyncResult{}, Handle: c.apiSync},
		{Method: "GET", Path: "/api/events", Summary: "The status, each time that something here changes", Response: Status{}, Stream: true, Handle: c.apiEvents},
		{Method: "GET", Path: "/api/recorder", Summary: "The last frames and changes of state: types, sizes and codes, never content", Response: []recorder.Shown{}, Handle: c.apiRecorder},
		{Method: "GET", Path: "/api/quarantine", Summary: "Own transactions that the server holds, or held", Response: []Verdict{}, Handle: c.apiQuarantine},
		{Method: "POST", Path: "/api/quarantine/{hash}/replace", Summary: "Mend what the server holds: record this instead", Request: Mend{}, Response: madeAnswer{}, Handle: c.apiReplace},
		{Method: "POST", Path: "/api/quarantine/{hash}/withdraw", Summary: "Take back what the server holds: it never counts", Response: takenBack{}, Handle: c.apiWithdraw},
		{Method: "GET", Path: "/api/conflicts", Summary: "What two people wrote without having seen each other's value, one of them here", Response: []ledger.Conflict{}, Handle: c.apiConflicts},
		{Method: "POST", Path: "/api/conflicts/{id}/take", Summary: "Say which of the two values is right", Request: takeRequest{}, Response: madeAnswer{}, Handle: c.apiTake},
		{Method: "GET", Path: "/api/report/sales", Summary: "The sales report", Query: []string{"by", "from", "to"}, Response: report.Sales{}, Handle: c.apiReportSales},
		{Method: "POST", Path: "/api/parcels", Summary: "Put all that has not arrived into files for the centre", Request: ParcelSize{}, Response: []Parcel{}, Handle: c.apiParcels},
		{Method: "POST", Path: "/api/receipts", Summary: "Read receipts that were carried back", Request: ReceiptsFile{}, Response: TakenReceipts{}, Handle: c.apiReceipts},
		{Method: "GET", Path: "/api/persons", Summary: "People, by name or card", Query: []string{"q"}, Response: []PersonShown{}, Handle: c.apiPersons},
		{Method: "POST", Path: "/api/persons", Summary: "Add a person, and say who is likely the same", Request: addPersonRequest{}, Response: addedPerson{}, Handle: c.apiAddPerson},
		{Method: "GET", Path: "/api/workshops", Summary: "Workshops", Response: []WorkshopShown{}, Handle: c.apiWorkshops},
		{Method: "POST", Path: "/api/workshops", Summary: "Add a workshop", Request: addWorkshopRequest{}, Response: madeAnswer{}, Handle: c.apiAddWorkshop},
		{Method: "GET", Path: "/api/sessions", Summary: "Sessions of workshops at this site", Response: []SessionShown{}, Handle: c.apiSessions},
		{Method: "POST", Path: "/api/sessions", Summary: "Plan a session", Request: planSessionRequest{}, Response: madeAnswer{}, Handle: c.apiPlanSession},
		{Method: "POST", Path: "/api/sessions/{id}/status", Summary: "Say that a session is open, was held, or is cancelled", Request: stepSessionRequest{}, Response: madeAnswer{}, Handle: c.apiStepSession},
		{Method: "GET", Path: "/api/sessions/{id}/roster", Summary: "Who attends a session, derived from all scans", Response: []RosterLine{}, Handle: c.apiRoster},
		{Method: "POST", Path: "/api/sessions/{id}/review", Summary: "Confirm an attendance that waits for it, or take it back", Request: reviewRequest{}, Response: madeAnswer{}, Handle: c.apiReview},
		{Method: "POST", Path: "/api/scans", Summary: "Check a person in or out", Request: scanRequest{}, Response: madeAnswer{}, Handle: c.apiScan},
		{Method: "GET", Path: "/api/desks", Summary: "Sites that referrals can go to", Response: []Desk{}, Handle: c.apiDesks},
		{Method: "GET", Path: "/api/referrals", Summary: "Referrals from and to this site", Response: []ReferralShown{}, Handle: c.apiReferrals},
		{Method: "POST", Path: "/api/referrals", Summary: "Send a referral", Request: referRequest{}, Response: madeAnswer{}, Handle: c.apiRefer},
		{Method: "POST", Path: "/api/referrals/{id}/answer", Summary: "Answer a referral, or withdraw it", Request: answerRequest{}, Response: madeAnswer{}, Handle: c.apiAnswer},
	}, c.attachmentRoutes(), c.goodsRoutes(), c.tillRoutes(), c.saleRoutes(), c.familyRoutes(), c.memberRoutes(), c.policyRoutes(), c.hoursRoutes(), c.fairRoutes(), c.importRoutes(), c.reportRoutes(), c.mergeRoutes(), c.payoutRoutes(), c.incomeRoutes(), c.stockRoutes())
}

// Me is who this site is.
type Me struct {
	Site     syncproto.RecordID `json:"site"`
	Name     string             `json:"name"`
	Kind     string             `json:"kind"`
	Lang     string             `json:"lang"`
	Zone     string             `json:"zone"`
	Device   syncproto.DeviceID `json:"device"`
	Prefix   string             `json:"prefix"`
	Currency string             `json:"currency"` // of the last till opened here; empty where none was
}

func (c *Client) apiMe(w http.ResponseWriter, r *http.Request) {
	id := c.Store.Identity()
	me := Me{Site: id.Site, Name: id.SiteName, Kind: id.Kind, Lang: id.Lang, Zone: id.Zone, Device: id.Device, Prefix: id.Prefix}
	till, err := c.lastTill(r.Context())
	if till != nil {
		me.Currency = till.Of(schema.TillCurrency).Text()
	}
	localapi.Answer(w, me, err)
}

func (c *Client) apiStatus(w http.ResponseWriter, r *http.Request) {
	st, err := c.Status(r.Context())
	localapi.Answer(w, st, err)
}

func (c *Client) apiSync(w http.ResponseWriter, r *http.Request) {
	patience := DefaultPatience
	if given := r.URL.Query().Get("patience"); given != "" {
		var err error
		if patience, err = time.ParseDuration(given); err != nil {
			localapi.Answer(w, nil, refusal.Parameter("patience", "%q is no time such as 5s", given))
			return
		}
	}
	repair, err := localapi.Flag(r, "repair")
	if err == nil && repair {
		err = c.Store.RetryRepairs(r.Context())
	}
	if err != nil {
		localapi.Answer(w, nil, err)
		return
	}
	res, err := c.SyncNow(r.Context(), patience)
	localapi.Answer(w, res, unsynced(err))
}

// unsynced says why nothing could be sent or heard.
func unsynced(err error) error {
	switch _, known := errors.AsType[*refusal.Error](err); {
	case err == nil || known:
		return err
	case errors.Is(err, ErrRefused):
		r := refusal.Wrap(refusal.DeviceRefused, err)
		if bye, ok := errors.AsType[*byeError](err); ok {
			r = r.With("why", bye.Code.String())
		}
		return r
	}
	return refusal.Wrap(refusal.Unreachable, err)
}

// apiEvents tells each time that something here has changed: what was recorded, what
// arrived, what was heard, how the disk is. The event is the present status.
func (c *Client) apiEvents(w http.ResponseWriter, r *http.Request) {
	moved, photos := c.Store.Moved(), c.lane.signal()
	var last *Status
	localapi.Events(w, r, func(ctx context.Context) (string, any, error) {
		if last != nil {
			if err := c.changed(ctx, moved, photos, last.Disk); err != nil {
				return "", nil, err
			}
		}
		moved, photos = c.Store.Moved(), c.lane.signal() // before reading, so that no change falls between
		st, err := c.Status(context.WithoutCancel(ctx))
		last = &st
		return "status", st, err
	})
}

// diskEvery is how often somebody who watches hears of the disk, which changes nothing
// that is recorded.
const diskEvery = time.Second

// changed waits until something moved, or the disk is not what it was.
func (c *Client) changed(ctx context.Context, moved, photos <-chan struct{}, disk sqlitedb.Disk) error {
	t := time.NewTicker(diskEvery)
	defer t.Stop()
	for {
		select {
		case <-moved:
			return nil
		case <-photos:
			return nil
		case <-t.C:
			if c.Store.Disk(ctx) != disk {
				return nil
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (c *Client) apiReportSales(w http.ResponseWriter, r *http.Request) {
	by, err := report.ParseBy(r.URL.Query().Get("by"))
	in, serr := report.ParseSpan(r.URL.Query().Get("from"), r.URL.Query().Get("to"))
	if err = errors.Join(err, serr); err != nil {
		localapi.Answer(w, nil, err)
		return
	}
	sales, err := SalesIn(r.Context(), c.Store, by, in)
	localapi.Answer(w, sales, err)
}

// each calls f for every record of a table that is not voided.
func (c *Client) each(ctx context.Context, table syncproto.TableID, f func(*records.Row)) error {
	return c.Store.Read(ctx, func(r *store.Reader) error {
		return r.Each(table, func(row *records.Row) error {
			if !row.Of(schema.Voided).Bool() {
				f(row)
			}
			return nil
		})
	})
}

// Names are a catalogue record's names.
type Names struct {
	Ar string `json:"name_ar,omitempty"`
	Fa string `json:"name_fa,omitempty"`
	En string `json:"name_en,omitempty"`
}

func namesOf(row *records.Row) Names {
	return Names{row.Of(schema.NameAr).Text(), row.Of(schema.NameFa).Text(), row.Of(schema.NameEn).Text()}
}

// A list goes in pages: cursor is the id of the last of the page before.
type page[T any] = localapi.Page[T]

const maxPageSize = localapi.MaxPageSize

func pageOf(r *http.Request) (cursor syncproto.RecordID, limit int, err error) {
	at, err := localapi.CursorOf(r)
	return at.After, at.Limit, err
}
