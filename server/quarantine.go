package server

import (
	"context"
	"encoding/hex"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/rawaj/rawaj/internal/ledger"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Verdict is a transaction in quarantine, or that was.
type Verdict struct {
	Hash    string             `json:"hash"` // of the transaction; names it in a decision
	Device  syncproto.DeviceID `json:"device"`
	Seq     int64              `json:"seq"`
	Code    string             `json:"code"`
	Detail  string             `json:"detail"`
	State   string             `json:"state"`
	Amounts string             `json:"amounts"`

	SiteName    string           `json:"site_name"`
	Label       string           `json:"label"`        // of the device
	Since       *string          `json:"since"`        // RFC 3339, UTC; null where it is settled
	AmountMinor map[string]int64 `json:"amount_minor"` // money in it by currency, minor units
	Waivable    bool             `json:"waivable"`     // a person may release it although the refusal still holds
}

// Quarantine lists the verdicts.
func (s *Server) Quarantine(ctx context.Context) ([]Verdict, error) {
	list := []Verdict{}
	err := s.State.Read(ctx, func(r *state.Reader) error {
		since, err := r.HeldSince()
		if err != nil {
			return err
		}
		who, err := ledger.ReadAuthors(r)
		if err != nil {
			return err
		}
		return r.Each(schema.Verdict, func(row *records.Row) error {
			v := verdictOf(row)
			v.Label, v.SiteName = who.Of(v.Device)
			v.Since = timeText(since[syncproto.Hash(row.Of(schema.VerdictHash).Bytes())])
			list = append(list, v)
			return nil
		})
	})
	return list, err
}

func verdictOf(row *records.Row) Verdict {
	code := syncproto.Code(row.Of(schema.VerdictCode).Int()).String()
	_, waivable := waivable[code]
	amounts, sums := row.Of(schema.VerdictAmounts).Text(), map[string]int64{}
	schema.AddAmounts(sums, amounts)
	return Verdict{
		AmountMinor: sums, Waivable: waivable,
		Hash: hex.EncodeToString(row.Of(schema.VerdictHash).Bytes()), Device: syncproto.DeviceID(row.Of(schema.VerdictDevice).ID()), Seq: row.Of(schema.VerdictSeq).Int(),
		Code: code, Detail: row.Of(schema.VerdictDetail).Text(),
		State: row.Of(schema.VerdictState).Text(), Amounts: amounts,
	}
}

// Decide is what head office does about a held transaction.
type Decide struct {
	Action string `json:"action"` // release or withdraw
	Waive  bool   `json:"waive"`  // release although the refusal it is held for still holds
	Reason string `json:"reason"`
}

// waivable are the refusals that a person may overrule: who may write, not what can be
// written.
var waivable = map[string]syncproto.Code{
	syncproto.CodeNotGranted.String(): syncproto.CodeNotGranted, syncproto.CodeGrantEnded.String(): syncproto.CodeGrantEnded, syncproto.CodeRevokedLate.String(): syncproto.CodeRevokedLate,
}

// Decide records what head office does about a held transaction, and tells what became
// of it. The first decision about it in the log holds.
func (s *Server) Decide(ctx context.Context, hash string, d Decide) (Verdict, error) {
	raw, err := hex.DecodeString(hash)
	if err != nil || len(raw) != len(syncproto.Hash{}) {
		return Verdict{}, refusal.New(refusal.BadID, "%q names no transaction: take the hash from the list of what is held", hash).On("hash")
	}
	held, err := s.verdict(ctx, hash)
	if err != nil {
		return held, err
	}
	if held.State != schema.VerdictHeld {
		return held, refusal.New(refusal.Settled, "it is settled already: %s", held.State).With("state", held.State)
	}
	fields := []syncproto.FieldValue{{Field: schema.DecisionHash, Value: syncproto.BytesValue(raw)}, {Field: schema.DecisionAction, Value: syncproto.TextValue(d.Action)}}
	if d.Reason != "" {
		fields = append(fields, syncproto.FieldValue{Field: schema.DecisionReason, Value: syncproto.TextValue(d.Reason)})
	}
	switch code, may := waivable[held.Code]; {
	case utf8.RuneCountInString(d.Reason) > schema.MaxReason:
		return held, tooLong(schema.MaxReason).On("reason")
	case d.Action != schema.DecisionRelease && d.Action != schema.DecisionWithdraw:
		return held, unknownWord("action", d.Action, schema.DecisionRelease, schema.DecisionWithdraw)
	case d.Waive && !may:
		return held, refusal.New(refusal.NotWaivable, "%s cannot be waived: the author mends it and sends it again", held.Code).On("waive").With("why", held.Code)
	case d.Waive && d.Action == schema.DecisionRelease:
		fields = append(fields, syncproto.FieldValue{Field: schema.DecisionWaives, Value: schema.WaivedValue([]syncproto.Code{code})})
	}
	id, err := s.own.ids.Record()
	if err != nil {
		return held, err
	}
	if err := s.record(ctx, decisions, create(schema.Decision, id, fields...)); err != nil {
		return held, err
	}
	return s.verdict(ctx, hash)
}

// unknownWord refuses a field that has to be one of some words.
func unknownWord(field, given string, words ...string) *refusal.Error {
	return refusal.New(refusal.UnknownWord, "%s %q is none of %s", field, given, strings.Join(words, ", ")).On(field).With("words", words)
}

func (s *Server) verdict(ctx context.Context, hash string) (Verdict, error) {
	list, err := s.Quarantine(ctx)
	if err != nil {
		return Verdict{}, err
	}
	for _, v := range list {
		if v.Hash == hash {
			return v, nil
		}
	}
	return Verdict{}, refusal.New(refusal.NoRecord, "no transaction %s was ever held", hash)
}

func (s *Server) apiQuarantine(w http.ResponseWriter, r *http.Request) {
	list, err := s.Quarantine(r.Context())
	localapi.Answer(w, list, err)
}

func (s *Server) apiDecide(w http.ResponseWriter, r *http.Request) {
	var d Decide
	if err := localapi.Read(w, r, &d); err != nil {
		localapi.Answer(w, nil, err)
		return
	}
	v, err := s.Decide(r.Context(), r.PathValue("hash"), d)
	localapi.Answer(w, v, err)
}
