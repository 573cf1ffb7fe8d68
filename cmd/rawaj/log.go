package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/rawaj/rawaj/internal/datadir"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/server/oplog/sqlitelog"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func newLogCommand() *cobra.Command {
	c := &cobra.Command{Use: "log", Short: "The server's log for human eyes", Example: "  rawaj log ls --data ./centre\n  rawaj log conflicts --data ./centre"}
	c.AddCommand(newLogReadCommand("ls", "List the entries, a line each", listEntry), newLogReadCommand("cat", "Print the entries with their transactions, as JSON lines", catEntry), newConflictsCommand())
	return c
}

func newLogReadCommand(name, short string, show func(io.Writer, oplog.Record) error) *cobra.Command {
	var data string
	var from uint64
	c := &cobra.Command{
		Use:     name,
		Short:   short,
		Example: fmt.Sprintf("  rawaj log %s --data ./centre --from 100", name),
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			role, err := datadir.ReadRole(data)
			if err != nil {
				return noCentre(data, err)
			}
			if role != datadir.Server {
				return fmt.Errorf("%s belongs to a %s: the log is the server's", data, role)
			}
			w := tabwriter.NewWriter(c.OutOrStdout(), 0, 4, 2, ' ', 0)
			if err := sqlitelog.ReadFile(c.Context(), data+"/"+fileLog, oplog.Index(from), func(r oplog.Record) error { return show(w, r) }); err != nil {
				return err
			}
			return w.Flush()
		},
	}
	dataFlag(c, &data)
	c.Flags().Uint64Var(&from, "from", 1, "first entry to show")
	return c
}

var entryNames = map[state.EntryKind]string{state.EntryBatch: "batch", state.EntryHistory: "history", state.EntryNode: "node", state.EntryContact: "contact", state.EntryClock: "clock",
	state.EntryGiven: "given", state.EntryAsked: "asked", state.EntrySeen: "seen", state.EntryGap: "gap", state.EntryVouched: "vouched"}

var roadNames = map[state.Road]string{state.RoadSocket: "socket", state.RoadParcel: "parcel", state.RoadOwn: "own", state.RoadBack: "back"}

// entryLine is an entry without its content.
type entryLine struct {
	Index        oplog.Index       `json:"index"`
	Hash         string            `json:"hash"`
	Kind         string            `json:"kind"`
	ReceivedAt   string            `json:"received_at"`
	OffsetMS     *int64            `json:"offset_ms,omitempty"`
	Road         string            `json:"road,omitempty"`
	Device       string            `json:"device,omitempty"`
	Incarnation  string            `json:"incarnation,omitempty"`
	First        syncproto.Seq     `json:"first,omitempty"`
	Last         syncproto.Seq     `json:"last,omitempty"`
	Bytes        int               `json:"bytes"`
	Witnesses    []string          `json:"witnesses,omitempty"` // devices that confirmed a clock; none: a person did
	Transactions []transactionLine `json:"transactions,omitempty"`
	batch        *syncproto.Batch
}

func describe(r oplog.Record) (entryLine, error) {
	e, err := state.DecodeEntry(r.Data)
	if err != nil {
		return entryLine{}, fmt.Errorf("entry %d: %w", r.Index, err)
	}
	l := entryLine{
		Index: r.Index, Hash: r.Hash.String(), Kind: entryNames[e.Kind], Road: roadNames[e.Road], OffsetMS: e.OffsetMS, Bytes: len(r.Data),
		ReceivedAt: time.UnixMilli(e.ReceivedAt).UTC().Format(time.RFC3339Nano),
	}
	if e.Kind == state.EntryBatch {
		if l.batch, err = syncproto.ParseBatch(e.Payload); err != nil {
			return l, fmt.Errorf("entry %d: %w", r.Index, err)
		}
		h := l.batch.Header
		l.Device, l.Incarnation, l.First, l.Last = h.Device.String(), h.Incarnation.String(), h.First, h.Last
	}
	if e.Kind == state.EntryClock {
		by, err := state.ReadWitnesses(e.Payload)
		if err != nil {
			return l, fmt.Errorf("entry %d: %w", r.Index, err)
		}
		for _, w := range by {
			l.Witnesses = append(l.Witnesses, w.Device.String())
		}
	}
	return l, nil
}

func listEntry(w io.Writer, r oplog.Record) error {
	l, err := describe(r)
	if err != nil {
		return err
	}
	run := ""
	if l.Last > 0 {
		run = fmt.Sprintf("%d-%d of %.8s", l.First, l.Last, l.Incarnation)
	}
	_, err = fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%d bytes\n", l.Index, l.ReceivedAt, l.Kind, l.Road, l.Device, run, l.Bytes)
	return err
}

// transactionLine is a transaction for human eyes. Values are shown of class S alone:
// what is personal or protected stays out of terminals and files.
type transactionLine struct {
	Seq     syncproto.Seq `json:"seq"`
	Time    string        `json:"time"`
	Error   string        `json:"error,omitempty"`
	Changes []changeLine  `json:"changes,omitempty"`
}

type changeLine struct {
	Op     string         `json:"op"`
	Table  string         `json:"table"`
	Record string         `json:"record"`
	Values map[string]any `json:"values,omitempty"`
}

func catEntry(w io.Writer, r oplog.Record) error {
	l, err := describe(r)
	if err != nil {
		return err
	}
	if l.batch != nil {
		bodies, err := l.batch.Open()
		if err != nil {
			return fmt.Errorf("entry %d: %w", r.Index, err)
		}
		for i, b := range bodies {
			l.Transactions = append(l.Transactions, lineOf(l.First+syncproto.Seq(i), b))
		}
	}
	return json.NewEncoder(w).Encode(l)
}

func lineOf(seq syncproto.Seq, b syncproto.Body) transactionLine {
	l := transactionLine{Seq: seq}
	if b.Bytes == nil {
		l.Error = "erased"
		return l
	}
	t, err := syncproto.ReadBody(b.Bytes)
	if err != nil {
		l.Error = err.Error()
		return l
	}
	l.Time = time.UnixMilli(t.Time.MS()).UTC().Format(time.RFC3339Nano)
	for i := range t.Changes {
		l.Changes = append(l.Changes, lineOfChange(&t.Changes[i]))
	}
	return l
}

func lineOfChange(c *syncproto.Change) changeLine {
	l := changeLine{Op: "create", Table: fmt.Sprintf("table-%d", c.Table), Record: c.Record.String()}
	if c.Op == syncproto.Update {
		l.Op = "update"
	}
	t := schema.Lookup(c.Table)
	if t == nil {
		return l
	}
	l.Table = t.Name
	if t.Class != syncproto.ClassS || t.ID == schema.Enrolment {
		return l
	}
	l.Values = map[string]any{}
	for _, g := range c.Groups {
		for _, f := range g.Fields {
			if i := t.Index(f.Field); i >= 0 && !f.Value.IsNull() {
				l.Values[t.Fields[i].Name] = f.Value.String()
			}
		}
	}
	return l
}

func newConflictsCommand() *cobra.Command {
	var data string
	var asJSON bool
	c := &cobra.Command{
		Use:     "conflicts",
		Short:   "List what two people wrote without having seen each other's value",
		Example: "  rawaj log conflicts --data ./centre --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			list, err := conflicts(c.Context(), c, data)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(c, list)
			}
			w := tabwriter.NewWriter(c.OutOrStdout(), 0, 4, 2, ' ', 0)
			fmt.Fprintln(w, "RECORD\tGROUP\tRULE\tKEPT\tNOT KEPT")
			for _, x := range list {
				fmt.Fprintf(w, "%s %v\t%s\t%s\t%s\t%s\n", x.Table, x.Record, x.Group, x.Rule, sideText(x.Winner), sideText(x.Loser))
			}
			return w.Flush()
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	return c
}

func conflicts(ctx context.Context, c *cobra.Command, data string) (list []server.Conflict, err error) {
	centre, err := openCentre(ctx, data, "", logger(c), c.ErrOrStderr())
	if heldByOther(err) {
		return list, localapi.Call(ctx, data, "GET", "/api/conflicts", nil, &list)
	}
	if err != nil {
		return nil, err
	}
	list, err = centre.server.Conflicts(ctx)
	return list, errors.Join(err, centre.close())
}

func sideText(s server.Side) string {
	b, err := json.Marshal(s.Values)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%s by %v at %s", printable(string(b)), s.Device, orNever(s.Time))
}
