//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/rawaj/rawaj/internal/datadir"
	"github.com/rawaj/rawaj/simtest"
)

// asks makes a request of the process that holds a directory.
func asks(t *testing.T, dir, method, path, kind string, body []byte) (status int, answer []byte) {
	t.Helper()
	a, err := datadir.ReadAddress(dir)
	if err != nil {
		t.Fatal(err)
	}
	q, err := http.NewRequest(method, a.URL+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+a.Token)
	q.Header.Set("Content-Type", kind)
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if answer, err = io.ReadAll(r.Body); err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, answer
}

// photographs records a product with a photo at a site that nobody else runs.
func (s *shop) photographs(photo []byte) (name string) {
	s.t.Helper()
	p := start(s.t, "site", "run", "--data", s.stall, "--listen", "127.0.0.1:0")
	p.announced(s.stall)
	status, answer := asks(s.t, s.stall, "POST", "/api/attachments", "image/png", photo)
	var made struct{ Attachment string }
	if json.Unmarshal(answer, &made) != nil || status != 200 {
		s.t.Fatalf("keeping a photo: %d %s", status, answer)
	}
	product, err := json.Marshal(map[string]string{"name": "Incense of " + made.Attachment[:8], "photo": made.Attachment})
	if err != nil {
		s.t.Fatal(err)
	}
	if status, answer := asks(s.t, s.stall, "POST", "/api/products", "application/json", product); status != 200 {
		s.t.Fatalf("adding a product: %d %s", status, answer)
	}
	p.kill() // what was answered is on disk
	return made.Attachment
}

func TestAProcessKilledInTheMiddleOfAPhotoGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	for _, who := range []string{"the stall", "the server"} {
		t.Run(who, func(t *testing.T) {
			s := newShop(t, filepath.Join(t.TempDir(), "centre"), filepath.Join(t.TempDir(), "stall"))
			s.line.Refuse(true)
			photo := make([]byte, 8<<20)
			rand.NewChaCha8([32]byte{1}).Read(photo)
			name := s.photographs(photo)
			s.line.Refuse(false)
			for _, at := range []int64{1 << 20, 2 << 20, 2 << 20, 2 << 20} {
				s.serves()
				started, reached := make(chan *process, 1), make(chan struct{})
				s.line.At(simtest.Up, at, func() {
					p := s.serve
					if who == "the stall" {
						p = <-started
					}
					p.kill()
					close(reached)
				})
				p := s.syncs()
				started <- p
				<-p.ended
				<-reached
			}
			s.serves()
			before := s.line.Carried(simtest.Up)
			rawaj(t, "site", "sync", "--data", s.stall)
			if again := s.line.Carried(simtest.Up) - before; again > 2<<20 {
				t.Errorf("with 7 of 8 MiB there, %d bytes were sent", again)
			}
			if status, got := asks(t, s.centre, "GET", "/api/attachments/"+name, "", nil); status != 200 || !bytes.Equal(got, photo) {
				t.Errorf("head office answers %d with %d bytes of %d", status, len(got), len(photo))
			}
			s.ends()
			rawaj(t, "verify", "--data", s.centre)
			rawaj(t, "verify", "--data", s.stall)
			damage := filepath.Join(s.stall, "attachments.db")
			b, err := os.ReadFile(damage)
			if err != nil {
				t.Fatal(err)
			}
			at := bytes.Index(b, photo[4096:4112])
			if at < 0 {
				t.Fatal("the photo does not stand in its file as it is")
			}
			b[at] ^= 1
			if err := os.WriteFile(damage, b, 0o600); err != nil {
				t.Fatal(err)
			}
			p := start(t, "verify", "--data", s.stall)
			if <-p.ended; p.err == nil {
				t.Error("verify does not see a changed byte of a photo")
			}
		})
	}
}
