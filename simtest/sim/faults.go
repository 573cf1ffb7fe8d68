package sim

// Fault is something that may go wrong, or that somebody may do.
type Fault int

// What a run counts. A run of many worlds in which one of these never came about has
// tested less than it says.
const (
	Delivered Fault = iota
	LostOnTheWay
	HalfOpen
	Replaced
	SiteCrashed
	SiteCrashedAtCommit
	SiteTailLost
	ServerCrashed
	ServerCrashedAtCommit
	ServerCrashedAtAppend
	StateTailLost
	SiteFull
	StateFull
	LogFull
	SiteClock
	ServerClock
	ClockConfirmed
	TimePassed
	Cloned
	CopyNamed
	SiteRestored
	ServerRestored
	HistoryBegun
	Salvaged
	Repaired
	ParcelMade
	ParcelLost
	ParcelTaken
	ParcelTwice
	ReceiptsCarried
	Revoked
	Wiped
	GrantEnded
	GrantLimited
	GrantGiven
	Moved
	Held
	Released
	Waived
	Withdrawn
	ReplacedHeld
	Conflicted
	StaleForm
	Voided
	BackedUp
	Scrubbed
	Parked
	PhotoTaken
	PhotoDelivered
	PhotosLost
	Referred
	Answered
	AcceptedAndWithdrawn
	Vouched
	HeardInDoubt
	OlderPlace
	Refunded
	Approved
	LateRefund
	LateVoid
	VoidedAndRefunded
	PaidOut
	PaidTwice
	StatementLost
	StatementKept
	Merged
	OfficeMerged
	Parted
	Circled
	Scanned
	Brought
	LotStepped
	GoodsMoved
	Counted
	Unmoved
	StockAlike
	faults
)

// Hits are how often each came about.
type Hits [faults]int

var names = [faults]string{
	"messages delivered", "lines cut with messages under way", "lines half open", "sessions replaced by a newer one",
	"sites crashed", "sites crashed at a commit", "unflushed commits of a site lost",
	"servers crashed", "servers crashed at a commit", "servers crashed at an append", "unflushed commits of the state lost",
	"site's disk full", "state's disk full", "log's disk full",
	"site's clock jumped", "server's clock jumped", "server's clock confirmed", "time passed",
	"sites cloned", "copies named", "sites restored", "servers restored", "histories begun", "control handed back", "shares compared by ranges",
	"parcels made", "parcels lost", "parcels taken", "parcels taken twice", "receipts carried back",
	"devices revoked", "devices wiped", "rights ended", "rights given an end", "rights given back", "records moved",
	"transactions held", "held ones released", "waived", "withdrawn", "replaced",
	"conflicts in the ledger", "forms saved late", "sales voided", "backups told", "scrubs", "looks that found transactions parked",
	"photos taken", "photos at the server, by site", "server's photos lost",
	"referrals sent", "referrals taken a step", "referrals accepted and withdrawn at once", "doubts ended", "pages for devices that may hear in doubt",
	"devices that went on from an older place",
	"refunds", "statements approved", "refunds in a later statement than their line", "voids of lines in a statement", "refunds of lines that another voided",
	"payouts", "payouts held", "statements that a server forgot", "of these, kept by who paid them",
	"people merged at a branch", "people merged by head office", "people parted", "people merged into each other", "cards read",
	"lots brought", "lots taken a step", "goods moved without a lot", "shelves counted", "movements taken back", "shelves that a site has as head office does",
}

func (f Fault) String() string { return names[f] }

// Add adds another run's.
func (h *Hits) Add(o *Hits) {
	for i, n := range o {
		h[i] += n
	}
}

// Never lists what did not come about.
func (h *Hits) Never() (never []Fault) {
	for i, n := range h {
		if n == 0 {
			never = append(never, Fault(i))
		}
	}
	return never
}
