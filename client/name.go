package client

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"math"

	"github.com/rawaj/rawaj/syncproto"
)

// Keys are the keys that a device got after its first: one for each name of its own.
type Keys interface {
	Of(ed25519.PublicKey) (ed25519.PrivateKey, error)                   // nil where it is not here
	Next(used func(ed25519.PublicKey) bool) (ed25519.PrivateKey, error) // not used yet; the same until it is
}

var (
	// errCopy says that this device is a copy and has delivered all that it had under the
	// name that it shares.
	errCopy = errors.New("this device is a copy")
	// errRenamed says that it has a name of its own now: connect again.
	errRenamed = errors.New("this device has a name of its own now")
	// errNoKey says that a key of this device is not here.
	errNoKey = errors.New("the key of this device is missing: put it back beside the database, or enrol this directory anew")
)

// takeName gives this copy a name of its own: a new key, signed by the old one, and the
// certificate that the server gives for it. It may be broken off at any place: the same
// key asks again, and the commit that stores the certificate is what renames. Records
// stay, and so do the chains of the old name, with its key.
func (c *Client) takeName(ctx context.Context) error {
	id := *c.Store.Identity()
	head, ok := c.Store.Newest()
	if !ok || c.Keys == nil {
		c.keepsName = true
		return errCopy
	}
	old, err := c.keyOf(ctx, id.Device)
	if err != nil {
		return err
	}
	used := map[string]bool{string(old.Public().(ed25519.PublicKey)): true}
	former, err := c.Store.Former(ctx)
	if err != nil {
		return err
	}
	for _, f := range former {
		if cert, err := syncproto.OwnCertificate(f.Certificate); err == nil {
			used[string(cert.Key)] = true
		}
	}
	key, err := c.Keys.Next(func(k ed25519.PublicKey) bool { return used[string(k)] })
	if err != nil {
		return err
	}
	q := syncproto.NewRenameRequest(old, key, id.Org, id.Device, head)
	var a syncproto.RenameResponse
	if err := ask(ctx, id.Server+"/rename", &q, &a); err != nil {
		var refused *refusedError
		if errors.As(err, &refused) && refused.Code != syncproto.CodeTooManyTries && refused.Code != syncproto.CodeInternal {
			c.keepsName = true // asking again would change nothing
			c.Logger.Error("this device was copied, and the server gives it no name of its own: somebody has to look", "code", refused.Code, "detail", refused.Detail)
		}
		return fmt.Errorf("ask for a name: %w", err)
	}
	cert, err := syncproto.VerifyCertificate(id.OrgKey, id.Org, a.Certificate)
	if err != nil {
		return err
	}
	if !cert.Key.Equal(key.Public()) || cert.Site != id.Site || cert.Device == id.Device || cert.CopyOf != id.Device {
		return errors.New("the certificate is not for the key that asked, or not for this site, or not of this copy: head office has to run this version too")
	}
	was := id.Device
	id.Device, id.Kind, id.Prefix, id.Certificate = cert.Device, cert.Kind, cert.Prefix, a.Certificate
	if err := c.Store.Rename(ctx, id, c.Now().UnixMilli(), false); err != nil {
		return err
	}
	c.Logger.Warn("this device was copied, and both copies went on: it has a name of its own now", "was", was, "device", id.Device, "receipts", id.Prefix)
	return errRenamed
}

// keyOf is the key of a name that this device has or had.
func (c *Client) keyOf(ctx context.Context, device syncproto.DeviceID) (ed25519.PrivateKey, error) {
	id := c.Store.Identity()
	certificate := id.Certificate
	if device != id.Device {
		former, err := c.Store.Former(ctx)
		if err != nil {
			return nil, err
		}
		certificate = nil
		for _, f := range former {
			if f.Device == device {
				certificate = f.Certificate
			}
		}
	}
	cert, err := syncproto.OwnCertificate(certificate)
	if err != nil {
		return nil, err
	}
	return c.keyFor(cert.Key)
}

// keyFor is the private key of a public one.
func (c *Client) keyFor(public ed25519.PublicKey) (ed25519.PrivateKey, error) {
	if c.Key != nil && public.Equal(c.Key.Public()) {
		return c.Key, nil
	}
	if c.Keys != nil {
		if key, err := c.Keys.Of(public); err != nil || key != nil {
			return key, err
		}
	}
	return nil, errNoKey
}

func (c *Client) keys(ctx context.Context) func(syncproto.DeviceID) (ed25519.PrivateKey, error) {
	return func(device syncproto.DeviceID) (ed25519.PrivateKey, error) { return c.keyOf(ctx, device) }
}

// names are the names that this device has and had, with when it had each no more, UTC ms.
func (c *Client) names(ctx context.Context) (map[syncproto.DeviceID]int64, error) {
	until := map[syncproto.DeviceID]int64{}
	former, err := c.Store.Former(ctx)
	for _, f := range former {
		until[f.Device] = f.RenamedAt
	}
	if id := c.Store.Identity(); id != nil {
		until[id.Device] = math.MaxInt64
	}
	return until, err
}

// ours says whether a device is this one, by a name that it has or had.
func (c *Client) ours(ctx context.Context, device syncproto.DeviceID) (bool, error) {
	names, err := c.names(ctx)
	_, ours := names[device]
	return ours, err
}
