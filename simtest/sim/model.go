package sim

import (
	"crypto/ed25519"
	"crypto/sha256"

	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// model is what people know: what they were told is saved, what they saw when they wrote
// it, and what was written down of it. Maps and slices, and nothing of the product's that
// decides.
type model struct {
	orgKey, nodeKey ed25519.PrivateKey

	txs      []*tx
	byHash   map[syncproto.Hash]*tx
	logged   map[syncproto.Hash]*arrival // in the server's log as it stands
	grants   map[syncproto.RecordID]*right
	revoked  map[syncproto.RecordID]bool
	anew     map[syncproto.Hash]bool // that head office decided about, whatever came of it
	books    *books
	said     []claim // by head office, of who is whom
	unsure   bool    // whether head office said something else too
	begun    bool    // the log has its first history
	doubt    bool    // the log shows that it was longer, and nobody has said since who takes part
	restored bool    // the log went back in time: positions are others than were seen
}

// tx is what a person did, and was told is saved.
type tx struct {
	n        int
	site     string
	kind     kindOfTx
	hash     syncproto.Hash // of the chain after it
	parent   *tx            // before it in its own chain
	table    syncproto.TableID
	record   syncproto.RecordID
	field    syncproto.FieldID // of a register
	value    string            // that it wrote there; no other has the same
	saw      string            // what its author's screen showed there
	amount   int64             // of a sale
	pieces   int64
	scopes   []syncproto.Scope
	class    syncproto.Class
	replaces syncproto.Hash
	photo    syncproto.Root
	product  syncproto.RecordID // that was sold or given back
	refunds  syncproto.RecordID // line that is given back
	claims   []claim            // of who is whom
	scanned  syncproto.RecordID // person whose card was read
	at       int64              // UTC ms, by the clock of its device: of a sale and of goods
	shifts   []shift            // of goods
}

type kindOfTx string

const (
	aSale   kindOfTx = "sale"
	aVoid   kindOfTx = "void"
	aWrite  kindOfTx = "write" // of a register
	aRecord kindOfTx = "record"
	aMove   kindOfTx = "move"
	aPhoto  kindOfTx = "photo"
	aStep   kindOfTx = "step" // of a referral
	aPayout kindOfTx = "payout"
	aMerge  kindOfTx = "merge" // or its undoing
	aGoods  kindOfTx = "goods" // brought, moved or counted
)

// arrival is how a transaction came into the log.
type arrival struct {
	index   oplog.Index
	allowed bool // its device might write it there then
	told    bool // allowed is known
}

// right is a grant as the log's own words have it.
type right struct {
	device  syncproto.RecordID
	scope   syncproto.Scope
	classes string
	write   bool
	until   int64
	deliver int64
	voided  bool
}

func newModel() *model {
	return &model{byHash: map[syncproto.Hash]*tx{}, logged: map[syncproto.Hash]*arrival{}, grants: map[syncproto.RecordID]*right{}, revoked: map[syncproto.RecordID]bool{}, anew: map[syncproto.Hash]bool{}, books: newBooks()}
}

func (m *model) add(t *tx) {
	t.n = len(m.txs)
	m.txs = append(m.txs, t)
	m.byHash[t.hash] = t
}

// appended notes what an entry brings.
func (m *model) appended(index oplog.Index, data []byte) {
	e, err := state.DecodeEntry(data)
	if err == nil && e.Kind == state.EntryHistory && m.begun {
		m.doubt = true
	}
	if err == nil && e.Kind == state.EntryVouched {
		m.doubt = false
	}
	if err != nil || e.Kind != state.EntryBatch {
		return
	}
	b, err := syncproto.ParseBatch(e.Payload)
	if err != nil {
		return
	}
	bodies, err := b.Open()
	if err != nil {
		return
	}
	hash := b.Header.Before
	for _, body := range bodies {
		sum := body.Hash
		hash = syncproto.Hash(sha256.Sum256(append(append([]byte(nil), hash[:]...), sum[:]...)))
		if e.Road == state.RoadOwn || e.Road == state.RoadBack {
			m.decided(body.Bytes)
			continue
		}
		if m.logged[hash] != nil {
			continue
		}
		a := &arrival{index: index}
		if t := m.byHash[hash]; t != nil {
			a.told = t.scopes != nil && (t.parent == nil || m.logged[t.parent.hash] != nil)
			a.allowed = m.allowed(syncproto.RecordID(b.Header.Device), t, e.ReceivedAt)
		}
		m.logged[hash] = a
	}
}

// decided folds what head office says of devices and their rights.
func (m *model) decided(body []byte) {
	t, err := syncproto.ReadBody(body)
	if err != nil {
		return
	}
	for _, c := range t.Changes {
		if c.Table != schema.Grant && c.Table != schema.Device {
			continue
		}
		for _, g := range c.Groups {
			for _, f := range g.Fields {
				if c.Table == schema.Device {
					if f.Field == schema.DeviceRevoked && !f.Value.IsNull() {
						m.revoked[c.Record] = true
					}
					continue
				}
				r := m.grants[c.Record]
				if r == nil {
					r = &right{}
					m.grants[c.Record] = r
				}
				switch f.Field {
				case schema.GrantDevice:
					r.device = f.Value.ID()
				case schema.GrantScope:
					r.scope, _ = syncproto.ScopeFromBinary(f.Value.Bytes())
				case schema.GrantClass:
					r.classes = f.Value.Text()
				case schema.GrantWrite:
					r.write = f.Value.Bool()
				case schema.GrantRecordsUntil:
					r.until = f.Value.Int()
				case schema.GrantDeliverUntil:
					r.deliver = f.Value.Int()
				case schema.Voided:
					r.voided = f.Value.Bool()
				}
			}
		}
	}
}

func (r *right) covers(class syncproto.Class) bool {
	for _, letter := range r.classes {
		if string(letter) == class.String() {
			return true
		}
	}
	return false
}

// allowed says whether a device may deliver a transaction at a time.
func (m *model) allowed(device syncproto.RecordID, t *tx, ms int64) bool {
	if m.revoked[device] {
		return false
	}
	for _, r := range m.grants {
		if r.device != device || !r.write || r.voided || !r.covers(t.class) || r.deliver != 0 && ms > r.deliver {
			continue
		}
		for _, s := range t.scopes {
			if s == r.scope {
				return true
			}
		}
	}
	return false
}

// reads says whether a device may read a record at a time.
func (m *model) reads(device syncproto.RecordID, class syncproto.Class, scopes []syncproto.Scope, ms int64) bool {
	if m.revoked[device] {
		return false
	}
	for _, r := range m.grants {
		if r.device != device || r.voided || !r.covers(class) || r.until != 0 && ms > r.until {
			continue
		}
		for _, s := range scopes {
			if s == r.scope {
				return true
			}
		}
	}
	return false
}

// rolledBack begins anew with what the log holds now.
func (m *model) rolledBack(data [][]byte) {
	m.restored, m.doubt, m.begun = true, false, false
	m.books.rolledBack()
	m.logged, m.grants, m.revoked = map[syncproto.Hash]*arrival{}, map[syncproto.RecordID]*right{}, map[syncproto.RecordID]bool{}
	for i, d := range data {
		m.appended(oplog.Index(i+1), d)
		m.begun = true
	}
}
