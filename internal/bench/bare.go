package bench

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	sqlite3 "github.com/mattn/go-sqlite3"

	"github.com/rawaj/rawaj/client"
)

// The bare limits do the same work without us: go-sqlite3's own connections and
// statements, gorilla's own messages, CBOR by the library, one plain table for each
// kind of record. No overlay, no outbox but where it says so, no log, no signature,
// no hash, no merge, no feed, no digest.

// bareDB is a plain database, as durable as ours.
type bareDB struct {
	conn *sqlite3.SQLiteConn
	stmt map[string]driver.StmtExecContext
	args []driver.NamedValue
}

const bareTables = `
CREATE TABLE sale (id BLOB PRIMARY KEY, site BLOB, day TEXT, sold_at INTEGER, line_count INTEGER, till BLOB, receipt_no TEXT) WITHOUT ROWID;
CREATE TABLE sale_line (id BLOB PRIMARY KEY, sale BLOB, site BLOB, product BLOB, quantity INTEGER, unit_price INTEGER, currency TEXT) WITHOUT ROWID;
CREATE TABLE payment (id BLOB PRIMARY KEY, sale BLOB, site BLOB, method TEXT, amount INTEGER, currency TEXT) WITHOUT ROWID;
CREATE TABLE outbox (n INTEGER PRIMARY KEY, body BLOB);
`

const (
	bareInsertSale    = `INSERT INTO sale VALUES (?, ?, ?, ?, ?, ?, ?)`
	bareInsertLine    = `INSERT INTO sale_line VALUES (?, ?, ?, ?, ?, ?, ?)`
	bareInsertPayment = `INSERT INTO payment VALUES (?, ?, ?, ?, ?, ?)`
	bareInsertOutbox  = `INSERT INTO outbox (body) VALUES (?)`
)

func openBare(path string) (*bareDB, error) { return openBareAs(path, "FULL") }

// openBareAs is for what we do not flush either: NORMAL.
func openBareAs(path, sync string) (*bareDB, error) {
	raw, err := (&sqlite3.SQLiteDriver{}).Open("file:" + path + "?_mutex=no&_journal_mode=WAL&_synchronous=" + sync + "&_cache_size=-32768")
	if err != nil {
		return nil, err
	}
	d := &bareDB{conn: raw.(*sqlite3.SQLiteConn), stmt: map[string]driver.StmtExecContext{}}
	if _, err := d.conn.Exec(bareTables, nil); err != nil {
		return nil, errors.Join(err, raw.Close())
	}
	return d, nil
}

func (d *bareDB) close() error { return d.conn.Close() }

func (d *bareDB) exec(sql string, args ...driver.Value) error {
	s := d.stmt[sql]
	if s == nil {
		made, err := d.conn.Prepare(sql)
		if err != nil {
			return err
		}
		s = made.(driver.StmtExecContext)
		d.stmt[sql] = s
	}
	d.args = d.args[:0]
	for i, a := range args {
		d.args = append(d.args, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
	_, err := s.ExecContext(context.Background(), d.args)
	return err
}

// Records of the bare protocol, as CBOR arrays.
type (
	bareSale struct {
		_         struct{} `cbor:",toarray"`
		ID, Site  []byte
		Day       string
		SoldAt    int64
		LineCount int64
		Till      []byte
		ReceiptNo string
	}
	bareLine struct {
		_                       struct{} `cbor:",toarray"`
		ID, Sale, Site, Product []byte
		Quantity, UnitPrice     int64
		Currency                string
	}
	barePayment struct {
		_              struct{} `cbor:",toarray"`
		ID, Sale, Site []byte
		Method         string
		Amount         int64
		Currency       string
	}
)

// bareMessage is some thousand records.
type bareMessage struct {
	_        struct{} `cbor:",toarray"`
	Sales    []bareSale
	Lines    []bareLine
	Payments []barePayment
}

func (m *bareMessage) len() int { return len(m.Sales) + len(m.Lines) + len(m.Payments) }

func (d *bareDB) insert(m *bareMessage) error {
	for i := range m.Sales {
		r := &m.Sales[i]
		if err := d.exec(bareInsertSale, r.ID, r.Site, r.Day, r.SoldAt, r.LineCount, r.Till, r.ReceiptNo); err != nil {
			return err
		}
	}
	for i := range m.Lines {
		r := &m.Lines[i]
		if err := d.exec(bareInsertLine, r.ID, r.Sale, r.Site, r.Product, r.Quantity, r.UnitPrice, r.Currency); err != nil {
			return err
		}
	}
	for i := range m.Payments {
		r := &m.Payments[i]
		if err := d.exec(bareInsertPayment, r.ID, r.Sale, r.Site, r.Method, r.Amount, r.Currency); err != nil {
			return err
		}
	}
	return nil
}

// query calls f for each row; its values may be kept.
func (d *bareDB) query(sql string, f func([]driver.Value) error) error {
	rows, err := d.conn.Query(sql, nil)
	if err != nil {
		return err
	}
	defer rows.Close()
	values := make([]driver.Value, len(rows.Columns()))
	for {
		switch err := rows.Next(values); {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
		if err := f(values); err != nil {
			return err
		}
	}
}

// bareOf is a sale as plain rows.
func bareOf(id func(n int) []byte, site []byte, day string, soldAt int64, receipt int, n *client.NewSale) (m bareMessage) {
	sale := id(0)
	m.Sales = []bareSale{{ID: sale, Site: site, Day: day, SoldAt: soldAt, LineCount: int64(len(n.Lines)), Till: n.Till[:], ReceiptNo: fmt.Sprintf("A1-%06d", receipt)}}
	var sum int64
	for i, l := range n.Lines {
		m.Lines = append(m.Lines, bareLine{ID: id(i + 1), Sale: sale, Site: site, Product: l.Product[:], Quantity: l.Quantity, UnitPrice: l.PriceMinor, Currency: n.Currency})
		sum += l.Quantity * l.PriceMinor
	}
	m.Payments = []barePayment{{ID: id(1), Sale: sale, Site: site, Method: "cash", Amount: sum, Currency: n.Currency}}
	return m
}
