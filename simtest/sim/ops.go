package sim

import (
	"fmt"
	"math/rand/v2"
)

// Op is one operation of a list. What its numbers mean depends on what is there when it
// is run, so that a list from which some were dropped is a list too.
type Op struct {
	Kind string
	A, B uint32
}

func (o Op) String() string { return fmt.Sprintf("%s %d %d", o.Kind, o.A, o.B) }

// kinds are the operations, with how often each is drawn.
var kinds = []struct {
	name   string
	weight int
	do     func(w *World, o Op)
}{
	{"flow", 300, (*World).opFlow},
	{"connect", 110, (*World).opConnect},
	{"settle", 40, (*World).opSettle},
	{"sell", 170, (*World).opSell},
	{"void", 25, (*World).opVoid},
	{"refund", 16, (*World).opRefund},
	{"due", 20, (*World).opDue},
	{"late", 7, (*World).opLate},
	{"pay", 14, (*World).opPay},
	{"apart", 9, (*World).opApart},
	{"both", 7, (*World).opBoth},
	{"merge", 16, (*World).opMerge},
	{"part", 10, (*World).opPart},
	{"circle", 6, (*World).opCircle},
	{"scan", 14, (*World).opScan},
	{"lot", 20, (*World).opLot},
	{"lotstep", 22, (*World).opLotStep},
	{"goods", 18, (*World).opMoveGoods},
	{"unmove", 8, (*World).opUnmove},
	{"write", 90, (*World).opWrite},
	{"form", 25, (*World).opForm},
	{"save", 30, (*World).opSave},
	{"product", 25, (*World).opProduct},
	{"rests", 14, (*World).opRests},
	{"person", 20, (*World).opPerson},
	{"move", 35, (*World).opMove},
	{"cut", 35, (*World).opCut},
	{"half", 15, (*World).opHalf},
	{"hangup", 15, (*World).opHangUp},
	{"crash", 30, (*World).opCrash},
	{"crashat", 25, (*World).opCrashAt},
	{"start", 70, (*World).opStart},
	{"down", 20, (*World).opDown},
	{"downat", 25, (*World).opDownAt},
	{"up", 70, (*World).opUp},
	{"full", 18, (*World).opFull},
	{"room", 25, (*World).opRoom},
	{"skew", 15, (*World).opSkew},
	{"wait", 40, (*World).opWait},
	{"image", 30, (*World).opImage},
	{"clone", 10, (*World).opClone},
	{"restore", 18, (*World).opRestore},
	{"keep", 14, (*World).opKeep},
	{"putback", 10, (*World).opPutBack},
	{"backed", 8, (*World).opBacked},
	{"parcel", 24, (*World).opParcel},
	{"take", 40, (*World).opTake},
	{"receipts", 30, (*World).opReceipts},
	{"gap", 10, (*World).opGap},
	{"revoke", 3, (*World).opRevoke},
	{"end", 16, (*World).opEndGrant},
	{"limit", 8, (*World).opLimit},
	{"grant", 26, (*World).opGrant},
	{"decide", 80, (*World).opDecide},
	{"replace", 50, (*World).opReplace},
	{"clock", 8, (*World).opServerClock},
	{"scrub", 4, (*World).opScrub},
	{"enforce", 10, (*World).opEnforce},
	{"audit", 10, (*World).opAudit},
	{"photo", 60, (*World).opPhoto},
	{"refer", 30, (*World).opRefer},
	{"answer", 90, (*World).opAnswer},
	{"vouch", 12, (*World).opVouch},
	{"clash", 16, (*World).opClash},
	{"goback", 9, (*World).opGoBack},
	{"losephotos", 5, (*World).opLosePhotos},
}

var total = func() (n int) {
	for _, k := range kinds {
		n += k.weight
	}
	return n
}()

var byName = func() map[string]func(*World, Op) {
	m := map[string]func(*World, Op){}
	for _, k := range kinds {
		m[k.name] = k.do
	}
	return m
}()

// draw makes a list of a seed.
func draw(seed uint64) []Op {
	r := rand.New(rand.NewPCG(seed, 0x7261776a))
	n := 15 + r.IntN(45)
	if seed%wholeWorlds == 0 {
		n = 40 + r.IntN(110)
	}
	ops := make([]Op, n)
	for i := range ops {
		n := r.IntN(total)
		for _, k := range kinds {
			if n -= k.weight; n < 0 {
				ops[i] = Op{k.name, r.Uint32(), r.Uint32()}
				break
			}
		}
	}
	return ops
}

func pick[T any](list []T, n uint32) (v T, ok bool) {
	if len(list) == 0 {
		return v, false
	}
	return list[n%uint32(len(list))], true
}

func (w *World) site(n uint32) *site { return w.sites[n%uint32(len(w.sites))] }

// opFlow lets some things happen on the lines that there are.
func (w *World) opFlow(o Op) {
	r := rand.New(rand.NewPCG(uint64(o.A), uint64(o.B)))
	for range 5 + o.A%40 {
		l, ok := pick(w.lines, r.Uint32())
		if !ok {
			return
		}
		w.step(l, r.Uint32())
	}
}

func (w *World) opConnect(o Op) { w.connect(w.site(o.A)) }

func (w *World) opHangUp(o Op) { w.hangUp(w.site(o.A)) }

func (w *World) opSettle(o Op) {
	s := w.site(o.A)
	w.connect(s)
	w.settle(s)
}

func (w *World) opAudit(Op) { w.audit() }
