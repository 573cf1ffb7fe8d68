package client

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/tables"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
)

// maxImports is the tables that are imported at a time: each is in memory whole.
const maxImports = 1

// importTurn waits until fewer than maxImports are under way; importDone ends one's own.
func (c *Client) importTurn(ctx context.Context) error {
	select {
	case c.imports <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *Client) importDone() { <-c.imports }

// What becomes of a line of an imported table.
const (
	LineNew       = "new"
	LineSame      = "same"    // it is here just so
	LineChanged   = "changed" // what is here gets the line's values
	LineRefused   = "refused"
	LineDuplicate = "likely_duplicate" // of what is here under another id: not recorded unless that is asked for
)

// TableImport says what a file is and what to do with it.
type TableImport struct {
	Kind       string             // one of tables.Kinds
	DryRun     bool               // nothing is recorded
	Duplicates bool               // lines that are likely there under another id are recorded too
	Session    syncproto.RecordID // of an attendance list
	Currency   string             // of prices whose line names none
	Progress   func(done, of int) // called after each commit; may be nil
}

// ImportedLine is what became of a line, or would.
type ImportedLine struct {
	Line    int                 `json:"line"` // in the file, 1 is the heading's
	Name    string              `json:"name"` // as the line has it
	Outcome string              `json:"outcome"`
	ID      *syncproto.RecordID `json:"id"`      // null where it was refused before it had one
	Code    string              `json:"code"`    // of a refusal
	Field   string              `json:"field"`   // column that is meant
	Message string              `json:"message"` // why
	Like    []LikeShown         `json:"like"`    // what it is likely a duplicate of
}

// LikeShown is a record that a line is likely a duplicate of.
type LikeShown struct {
	ID      syncproto.RecordID `json:"id"`
	Name    string             `json:"name"`
	Because []string           `json:"because"` // card, phone, name, name_alike, neighbourhood
}

// TableImported is what became of a file: each of its lines is told.
type TableImported struct {
	Kind    string         `json:"kind"`
	DryRun  bool           `json:"dry_run"`
	Counts  map[string]int `json:"counts"`          // lines by outcome
	Ignored []string       `json:"ignored_columns"` // headings that mean nothing here
	Lines   []ImportedLine `json:"lines"`           // in the file's order
}

// ImportTable imports a CSV or XLSX file of families, people, products, prices or
// attendance. Ids follow from the lines, so the same file again records nothing; an empty
// cell says nothing and changes nothing. A line that is refused costs no other. A dry run
// goes the same way and takes everything back.
//
// After an error the result tells the lines that were recorded until then.
func (c *Client) ImportTable(ctx context.Context, r io.Reader, o TableImport) (out TableImported, err error) {
	out = TableImported{Kind: o.Kind, DryRun: o.DryRun, Counts: map[string]int{}, Ignored: []string{}, Lines: []ImportedLine{}}
	for _, outcome := range []string{LineNew, LineSame, LineChanged, LineRefused, LineDuplicate} {
		out.Counts[outcome] = 0
	}
	keys := tables.KeysOf(o.Kind)
	if keys == nil {
		return out, refusal.Parameter("kind", "%q cannot be imported: use one of %s", o.Kind, strings.Join(tables.Kinds, ", "))
	}
	if c.Store.Identity() == nil {
		return out, store.ErrNotEnrolled
	}
	if err := c.importTurn(ctx); err != nil {
		return out, err
	}
	defer c.importDone()
	f, err := tables.Read(r)
	if err != nil {
		return out, err
	}
	m := &tableImport{client: c, options: o, file: f, seen: map[syncproto.RecordID]int{}}
	var ignored []string
	if m.at, ignored, err = f.Columns(keys); err != nil {
		return out, err
	}
	out.Ignored = append(out.Ignored, ignored...)
	if err := m.prepare(ctx); err != nil {
		return out, err
	}
	for done := 0; done < len(f.Lines); {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		told, err := m.commit(ctx, f.Lines[done:min(done+importCommitReceipts, len(f.Lines))])
		for _, l := range told {
			out.Counts[l.Outcome]++
		}
		out.Lines = append(out.Lines, told...)
		if err != nil {
			return out, err
		}
		done += len(told)
		if o.Progress != nil {
			o.Progress(done, len(f.Lines))
		}
	}
	return out, nil
}

// tableImport is one import under way.
type tableImport struct {
	client   *Client
	options  TableImport
	file     *tables.File
	at       map[string]int // column of a key
	known    *knownHere
	families *knownHere
	aliases  rules.Aliases // of people
	session  *attendanceOf // of an attendance list
	zone     *time.Location
	settle   func(d *store.Draft, l *tableLine) (outcome string, err error)
	seen     map[syncproto.RecordID]int // line of the file that an id was first met in
	fresh    []syncproto.RecordID       // of them, those of the Write under way
}

// tableLine is a line as it is being settled.
type tableLine struct {
	m      *tableImport
	line   tables.Line
	id     syncproto.RecordID
	like   []LikeShown
	before func() error // what is drafted first, where the line is recorded
	after  []func()     // what later lines know, once the line is recorded or would be
}

// cell is what a line says in a column; empty where it says nothing.
func (l *tableLine) cell(key string) string {
	if i, ok := l.m.at[key]; ok {
		return l.line.Cells[i]
	}
	return ""
}

// errTakenBack ends a dry run's Write.
var errTakenBack = errors.New("dry run: taken back")

// errLine ends a Write because of a line: the others of the commit are recorded one by one.
var errLine = errors.New("a line was refused")

// commit settles lines in one commit, as many as it has time for. Where a line is refused
// that had been begun, each is settled in a commit of its own.
func (m *tableImport) commit(ctx context.Context, lines []tables.Line) ([]ImportedLine, error) {
	told, err := m.together(ctx, lines)
	if !errors.Is(err, errLine) {
		return told, err
	}
	told = nil
	for i := range lines {
		one, err := m.together(ctx, lines[i:i+1])
		if err != nil && !errors.Is(err, errLine) {
			return told, err
		}
		told = append(told, one...)
	}
	return told, nil
}

// together settles lines in one Write. With errLine nothing of it is recorded, and of a
// single line the refusal is told.
func (m *tableImport) together(ctx context.Context, lines []tables.Line) (told []ImportedLine, err error) {
	m.fresh = nil
	began := time.Now()
	now := m.client.Now()
	_, zone, err := m.client.at(m.client.corrected(now))
	if err != nil {
		return nil, err
	}
	err = m.client.Store.Write(ctx, func(w *store.Writer) error {
		told = nil
		for i := range lines {
			if i > 0 && time.Since(began) > importCommitTime {
				break
			}
			l := &tableLine{m: m, line: lines[i]}
			shown, err := m.one(w, zone, l)
			if err != nil {
				if _, refused := errors.AsType[*refusal.Error](err); !refused {
					return err
				}
				told = []ImportedLine{shown}
				return errLine
			}
			told = append(told, shown)
			if shown.Outcome == LineRefused || shown.Outcome == LineDuplicate {
				continue
			}
			for _, f := range l.after {
				f()
			}
		}
		if m.options.DryRun {
			return errTakenBack
		}
		return nil
	})
	if err != nil && !errors.Is(err, errTakenBack) {
		for _, id := range m.fresh {
			delete(m.seen, id)
		}
		if len(lines) > 1 {
			told = nil
		}
		return told, err
	}
	return told, nil
}

// maxLikeTold bounds whom a line is told to be like, as who adds one person is told of so many:
// each line of a file of one name would be like all before it.
const maxLikeTold = 20

// one settles a line. An error that is a refusal means that its transaction was begun and
// has to be given up.
func (m *tableImport) one(w *store.Writer, zone int, l *tableLine) (shown ImportedLine, err error) {
	shown = ImportedLine{Line: l.line.Number, Like: []LikeShown{}}
	if l.line.Bad != "" {
		shown.refuse(refusal.New(refusal.Malformed, "%s", l.line.Bad))
		return shown, nil
	}
	shown.Name = labelOf(l)
	begun := false
	err = w.Transaction(syncproto.RecordID{}, zone, func(d *store.Draft) error {
		outcome, err := m.settle(d, l)
		begun = d.Drafted()
		shown.Outcome = outcome
		return err
	})
	if !l.id.IsZero() {
		shown.ID = &l.id
	}
	shown.Like = append(shown.Like, l.like[:min(len(l.like), maxLikeTold)]...)
	if r, refused := errors.AsType[*refusal.Error](err); refused {
		shown.refuse(r)
		if m.seen[l.id] == l.line.Number { // it may still be said by a line that is taken
			delete(m.seen, l.id)
		}
		if !begun {
			return shown, nil
		}
	}
	return shown, err
}

func (s *ImportedLine) refuse(r *refusal.Error) {
	s.Outcome, s.Code, s.Field, s.Message = LineRefused, string(r.Code), r.Field, r.Message
}

// labelLetters bounds what a line is called by when it is told.
const labelLetters = 80

func labelOf(l *tableLine) string {
	for _, key := range []string{"name", "name_ar", "name_fa", "name_en", "sku", "code", "card", "person", "id"} {
		if s := l.cell(key); s != "" {
			if utf8.RuneCountInString(s) > labelLetters {
				s = string([]rune(s)[:labelLetters]) + "…"
			}
			return s
		}
	}
	return ""
}

// first says that no line before this one of the file was about the same id.
func (l *tableLine) first() error {
	if before, twice := l.m.seen[l.id]; twice {
		return refusal.New(refusal.IDUsed, "line %d is about the same: a file says it once", before).With("line", before)
	}
	l.m.seen[l.id] = l.line.Number
	l.m.fresh = append(l.m.fresh, l.id)
	return nil
}

// require refuses a file that lacks columns: one of each group.
func (m *tableImport) require(groups ...[]string) error {
	for _, keys := range groups {
		if !slices.ContainsFunc(keys, func(k string) bool { _, ok := m.at[k]; return ok }) {
			return refusal.New(refusal.Required, "the file needs a column %s; the first line names the columns, in Arabic, Persian or English", strings.Join(keys, " or ")).On(keys[0])
		}
	}
	return nil
}
