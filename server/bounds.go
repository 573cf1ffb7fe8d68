package server

import (
	"cmp"
	"time"

	"github.com/rawaj/rawaj/syncproto"
)

// Bounds of one server process. A bound means "not accepted yet": the work stays on the
// device, which is told when to come back; nothing is accepted and then dropped.
// docs/BOUNDS.md lists them with their reasons, and a test holds the two together.
const (
	// maxSessions is the file descriptors that the process may hold.
	maxSessions = 19000
	// maxStrangers is the peers that have not named themselves, at 64 KiB each.
	maxStrangers = 1024
	// maxPerAddress is a fair behind one router: 300 stalls, with room.
	maxPerAddress = 512

	// pushWindow is a device's credit for batches: two of the usual size on their way
	// while one is being written.
	pushWindow = 2 << 20
	// backlogWindow is what the log may have of one session's batches, decompressed, that
	// is not judged, before it has to wait while others get their turn.
	backlogWindow = 4 << 20
	// usualBatch is the largest claim that counts as usual. A device cuts at 512 KiB; only
	// one transaction that is larger makes a larger batch.
	usualBatch = 2 << 20
	// usualBudget is the memory of usual batches, of all sessions together: some hundred.
	usualBudget = 64 << 20
	// bulkBudget is the same for larger ones, apart, so that they cannot use up what sales
	// need: two of the largest.
	bulkBudget = 2 * (syncproto.MaxBatch + syncproto.MaxBatchLength)
	// maxWaiting is the devices that wait for memory, each with one message of 64 KiB.
	maxWaiting = 1024
	// stalledBatch is how long the next piece of a batch may take: as long as any message.
	stalledBatch = syncproto.PingTimeout
	// budgetWait is how long a device waits for memory: it outlasts those that stall.
	budgetWait = 90 * time.Second

	// maxPages is the pages of rows that are read, and not yet handed to the network, of
	// all sessions together.
	maxPages = 32
	// pageBytes is about what a page holds, where one transaction does not hold more.
	pageBytes = 2 << 20
	// slowReader is how long a device may take until a page has gone out to it.
	slowReader = 2 * time.Minute

	// A device's quarantine: what a person can still look through, and a stall that sold
	// for months under a wrong grant. Escrow is larger, for a revoked device has to
	// deliver all it has, once: 100,000 sales and as many again.
	maxHeld        = 20_000
	maxHeldBytes   = 64 << 20
	maxEscrow      = 200_000
	maxEscrowBytes = 256 << 20
	// maxParked is the batches of a device that wait for one before them.
	maxParked = 256

	// maxKept is the bytes of records that devices handed over and nobody has looked at, as
	// much as one device keeps.
	maxKept = 64 << 20
	// maxChunks is the chunks of attachments that are asked for or being given, of all
	// sessions together: 8 MiB, each with its message. A slow line takes seconds for one,
	// and with 16 a fair's photos waited minutes for each other while the server was idle.
	maxChunks = 128
	// stalledChunk is how long a device may keep that turn with a chunk that was asked of
	// it. Then others have it; the chunk is taken when it comes.
	stalledChunk = 10 * time.Second
	// maxGiven is the bytes of attachments that are kept of one device: 10,000 photos.
	maxGiven = 2 << 30
	// maxMissed is the attachments that a session is told of when they arrive, of those
	// that it asked for in vain.
	maxMissed = 256
	// maxUploads is the uploads of head office's own that are in memory at a time: each may
	// be 40 MiB.
	maxUploads = 1

	// maxParcels is the parcels that are read at a time: each may take 100 MiB.
	maxParcels = 1

	// doorRetry, busyRetry and addressRetry are what those who are sent away are told to
	// wait; each adds as much again at random.
	doorRetry    = 1 * time.Second
	busyRetry    = 10 * time.Second
	addressRetry = 10 * time.Second
)

// Limits narrow some bounds, for tests. Zero is the constant.
type Limits struct {
	SlowReader, StalledBatch, BudgetWait, PingEvery time.Duration
	Held, Escrow, Parked                            int64
	Given                                           uint64
	Chunks                                          int
}

func (l Limits) filled() Limits {
	return Limits{
		SlowReader: cmp.Or(l.SlowReader, slowReader), StalledBatch: cmp.Or(l.StalledBatch, stalledBatch), BudgetWait: cmp.Or(l.BudgetWait, budgetWait), PingEvery: cmp.Or(l.PingEvery, syncproto.PingEvery),
		Held: cmp.Or(l.Held, maxHeld), Escrow: cmp.Or(l.Escrow, maxEscrow), Parked: cmp.Or(l.Parked, maxParked),
		Given: cmp.Or(l.Given, maxGiven), Chunks: cmp.Or(l.Chunks, maxChunks),
	}
}
