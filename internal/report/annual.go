package report

import (
	"github.com/rawaj/rawaj/syncproto"
)

// Annual is the report of a year: the figures that the centre publishes, each computed from
// records, with what was published beside it (R44) and up to when it is complete (P13).
type Annual struct {
	Year         int            `json:"year"`
	CompleteTo   *string        `json:"complete_to"` // RFC 3339, UTC; null: not known
	MissingSites []MissingSite  `json:"missing_sites"`
	Figures      []AnnualFigure `json:"figures"`
	Sentence     Sentence       `json:"sentence"`
}

// Sentence is the report in words.
type Sentence struct {
	Ar string `json:"ar"`
	Fa string `json:"fa"`
	En string `json:"en"`
}

// AnnualFigure is one number of the report.
type AnnualFigure struct {
	ID           string           `json:"id"` // F1
	Value        int64            `json:"value"`
	Unit         string           `json:"unit"`
	Filter       string           `json:"filter"`       // which records count, for people
	Parts        map[string]int64 `json:"parts"`        // by kind of venue, and the like
	Published    *int64           `json:"published"`    // what was published last of this year; null: nothing
	Difference   *int64           `json:"difference"`   // value less published
	Publications []Publication    `json:"publications"` // all of them, the oldest first
}

// Publication is a figure as somebody published it.
type Publication struct {
	ID      syncproto.RecordID `json:"id"`
	Value   int64              `json:"value"`
	Approx  bool               `json:"approx"` // "about"
	Source  string             `json:"source"`
	Wording string             `json:"wording"`
	Assumed bool               `json:"year_assumed"` // the source does not say of which year it is
}

// AnnualRow is a record behind a number.
type AnnualRow struct {
	ID    syncproto.RecordID `json:"id"`
	Table string             `json:"table"`
	Part  string             `json:"part"`  // of the figure's parts; empty where it has none
	Label string             `json:"label"` // of the fair, the family or the workshop; people are not named
	Of    string             `json:"of"`    // fair of a participation
	Day   string             `json:"day"`   // on which it began; empty where it has none
	Hours string             `json:"hours"` // of a person, 11:59
}

// FigureIDs lists the figures of the report, in order.
var FigureIDs = []string{"F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "F10", "F11", "F12"}

// units of figures, and which records count in one.
var described = map[string]struct{ unit, filter string }{
	"F1":  {"exhibitions", "exhibitions that the centre organised, closed or reconciled, which began in the year"},
	"F2":  {"exhibitions", "those of F1 on the premises of partners"},
	"F3":  {"exhibitions", "those of F1 in the department and its branches"},
	"F4":  {"participations", "families that came to an exhibition of F1, each once an exhibition"},
	"F5":  {"exhibitions and events", "exhibitions and events that others organised, closed or reconciled, which began in the year"},
	"F6":  {"participations", "families that came to one of F5, each once"},
	"F7":  {"events", "food events, closed or reconciled, which began in the year"},
	"F8":  {"workshops", "subjects of which a session was held that began in the year"},
	"F9":  {"sessions", "sessions of practical workshops that were held and began in the year"},
	"F10": {"sessions", "sessions of administrative workshops that were held and began in the year"},
	"F11": {"year", "the year in which the organisation was founded, as it is recorded; 0 where it is not"},
	"F12": {"hours", "the least of accredited hours that membership asks for; parts: people with credited hours of sessions up to the end of the year"},
}
