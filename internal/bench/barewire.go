package bench

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/gorilla/websocket"
)

const (
	bareMessageRecords = 1000
	bareCommitRecords  = 10_000
)

// bareTransfer sends every record of one plain database to another over a bare
// websocket, and takes the time from the first byte asked for to the last commit
// known to the sender. The device dials: with push it is the sender, else the
// receiver.
func bareTransfer(ctx context.Context, from, to *bareDB, push bool) (time.Duration, int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, 0, err
	}
	far, near := bareSend, bareReceive
	if push {
		far, near = near, far
	}
	source := map[bool]*bareDB{true: from, false: to}
	served := make(chan error, 1)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err == nil {
			_, err = far(ws, source[!push])
			err = errors.Join(err, ws.Close())
		}
		served <- err
	})}
	go server.Serve(listener)
	defer server.Close()
	began := time.Now()
	ws, _, err := websocket.DefaultDialer.DialContext(ctx, "ws://"+listener.Addr().String(), nil)
	if err != nil {
		return 0, 0, err
	}
	n, err := near(ws, source[push])
	took := time.Since(began)
	return took, n, errors.Join(err, <-served, ws.Close())
}

func bareSend(ws *websocket.Conn, d *bareDB) (n int, err error) {
	m := &bareMessage{}
	flush := func() error {
		b, err := cbor.Marshal(m)
		if err != nil {
			return err
		}
		n += m.len()
		*m = bareMessage{}
		return ws.WriteMessage(websocket.BinaryMessage, b)
	}
	each := func(sql string, add func([]driver.Value)) {
		if err == nil {
			err = d.query(sql, func(v []driver.Value) error {
				add(v)
				if m.len() < bareMessageRecords {
					return nil
				}
				return flush()
			})
		}
	}
	each(`SELECT * FROM sale`, func(v []driver.Value) {
		m.Sales = append(m.Sales, bareSale{ID: v[0].([]byte), Site: v[1].([]byte), Day: v[2].(string), SoldAt: v[3].(int64), LineCount: v[4].(int64), Till: v[5].([]byte), ReceiptNo: v[6].(string)})
	})
	each(`SELECT * FROM sale_line`, func(v []driver.Value) {
		m.Lines = append(m.Lines, bareLine{ID: v[0].([]byte), Sale: v[1].([]byte), Site: v[2].([]byte), Product: v[3].([]byte), Quantity: v[4].(int64), UnitPrice: v[5].(int64), Currency: v[6].(string)})
	})
	each(`SELECT * FROM payment`, func(v []driver.Value) {
		m.Payments = append(m.Payments, barePayment{ID: v[0].([]byte), Sale: v[1].([]byte), Site: v[2].([]byte), Method: v[3].(string), Amount: v[4].(int64), Currency: v[5].(string)})
	})
	if err == nil && m.len() > 0 {
		err = flush()
	}
	if err == nil { // an empty message ends it; the answer says that all is on disk
		err = flush()
	}
	if err != nil {
		return n, err
	}
	_, _, err = ws.ReadMessage()
	return n, err
}

func bareReceive(ws *websocket.Conn, d *bareDB) (n int, err error) {
	if err := d.exec("BEGIN"); err != nil {
		return 0, err
	}
	open := 0
	for {
		_, b, err := ws.ReadMessage()
		if err != nil {
			return n, err
		}
		m := &bareMessage{}
		if err := cbor.Unmarshal(b, m); err != nil {
			return n, err
		}
		if err := d.insert(m); err != nil {
			return n, err
		}
		n += m.len()
		if open += m.len(); m.len() > 0 && open < bareCommitRecords {
			continue
		}
		if err := d.exec("COMMIT"); err != nil {
			return n, err
		}
		if m.len() == 0 {
			return n, ws.WriteMessage(websocket.BinaryMessage, []byte(fmt.Sprint(n)))
		}
		if err := d.exec("BEGIN"); err != nil {
			return n, err
		}
		open = 0
	}
}
