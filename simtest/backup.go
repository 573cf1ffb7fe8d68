package simtest

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"os"
	"path/filepath"
	"time"

	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/server/backup"
)

func quietly(string, int64, int64) {}

// BackUp makes a verified backup of the server, which may run, and then lets it tell
// devices up to where their work is in it.
func (c *Centre) BackUp(file string) {
	c.t.Helper()
	for name, b := range map[string][]byte{
		backup.OrgKey: seed(c.config.OrgKey), backup.DeviceKey: seed(c.config.DeviceKey), backup.Role: []byte(`{"role":"server","format":1}`),
	} {
		if err := os.WriteFile(c.Path(name), b, 0o600); err != nil {
			c.t.Fatal(err)
		}
	}
	ctx := context.Background()
	m, err := backup.Make(ctx, c.dir, file, backup.Options{Now: time.Now, Progress: quietly})
	if err != nil {
		c.t.Fatal(err)
	}
	var heads []server.BackedHead
	for _, h := range m.Heads {
		heads = append(heads, server.BackedHead{Device: h.Device, Incarnation: h.Incarnation, Seq: uint64(h.Seq), Hash: h.Hash.String()})
	}
	if _, err := c.Server.Backed(ctx, server.Backing{Devices: heads}); err != nil {
		c.t.Fatal(err)
	}
}

func seed(key ed25519.PrivateKey) []byte { return []byte(hex.EncodeToString(key.Seed())) }

// Restore loses the directory of the stopped server and puts a backup in another.
func (c *Centre) Restore(file string) {
	c.t.Helper()
	if err := os.RemoveAll(c.dir); err != nil {
		c.t.Fatal(err)
	}
	c.dir = filepath.Join(c.t.TempDir(), "restored")
	if _, err := backup.Restore(context.Background(), file, c.dir, "", time.Now, quietly); err != nil {
		c.t.Fatal(err)
	}
}
