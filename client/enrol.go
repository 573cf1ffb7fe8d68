package client

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/syncproto"
)

// enrolTimeout bounds the whole exchange; it may be repeated without harm.
const enrolTimeout = 30 * time.Second

// ParseServer reads a server's address as people type it.
func ParseServer(typed string) (string, error) {
	u, err := url.Parse(typed)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || strings.ContainsAny(typed, "?#") {
		return "", fmt.Errorf("server %q is no address such as https://rawaj.example.org", typed)
	}
	return strings.TrimSuffix(typed, "/"), nil
}

// Enrol redeems a one-time code for this device's key and keeps what the server
// answers. A lost answer may be asked for again with the same code and key.
func Enrol(ctx context.Context, st *store.Store, key ed25519.PrivateKey, server, typed, label string) (*store.Identity, error) {
	code, err := syncproto.ParseCode(typed)
	if err != nil {
		return nil, err
	}
	if server, err = ParseServer(server); err != nil {
		return nil, err
	}
	q := syncproto.NewEnrolRequest(code, key, label)
	var a syncproto.EnrolResponse
	err = ask(ctx, server+"/enrol", &q, &a)
	var refused *refusedError
	have := st.Identity()
	switch {
	case have != nil && errors.As(err, &refused) && refused.Code == syncproto.CodeUsed:
		return nil, belongs(have)
	case errors.As(err, &refused):
		return nil, fmt.Errorf("enrol at %s: %w", server, enrolRefusal(refused))
	case err != nil:
		return nil, fmt.Errorf("enrol at %s: %w", server, err)
	}
	c, err := a.Check(code, &q)
	if err != nil {
		return nil, fmt.Errorf("enrol at %s: %w", server, err)
	}
	id := store.Identity{
		Org: a.Org, OrgKey: a.OrgKey, Device: c.Device, Site: c.Site, Kind: c.Kind, Prefix: c.Prefix, Certificate: a.Certificate,
		Server: server, SiteName: a.SiteName, Zone: a.Zone, Lang: a.Lang,
	}
	if have == nil || have.Device == c.Device {
		if err := st.Enrol(ctx, id); err != nil || a.TimeMS == 0 {
			return &id, err
		}
		return &id, st.Measured(ctx, a.TimeMS)
	}
	own, err := syncproto.OwnCertificate(have.Certificate)
	switch {
	case err != nil:
		return nil, err
	case own.Key.Equal(key.Public()) || have.WipedAt != 0:
		return nil, belongs(have)
	case have.Org != id.Org || have.Site != id.Site:
		return nil, fmt.Errorf("what is recorded here is of %q, and the code is for %q: ask for a code for %[1]q", have.SiteName, id.SiteName)
	}
	// The key of its old name is lost, and with it the right to sign under that.
	return &id, st.Rename(ctx, id, a.TimeMS, true)
}

func belongs(have *store.Identity) error {
	return fmt.Errorf("this directory belongs to device %v of %q already: enrol in another one", have.Device, have.SiteName)
}

// ask sends one of enrolment's requests; a refusal is a *refusedError.
func ask(ctx context.Context, url string, q, a any) error {
	ctx, cancel := context.WithTimeout(ctx, enrolTimeout)
	defer cancel()
	body, err := syncproto.EncodeEnrol(q)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", syncproto.EnrolType)
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer w.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(w.Body, syncproto.MaxEnrol+1))
	if err != nil {
		return err
	}
	if w.StatusCode == http.StatusOK {
		return syncproto.DecodeEnrol(answer, a)
	}
	var refused refusedError
	if w.Header.Get("Content-Type") != syncproto.EnrolType || syncproto.DecodeEnrol(answer, &refused.EnrolError) != nil {
		return fmt.Errorf("answers HTTP %s: is this a rawaj server?", w.Status)
	}
	return &refused
}

// refusedError is what the server refused a request with.
type refusedError struct{ syncproto.EnrolError }

func (e *refusedError) Error() string {
	return (&syncproto.Error{Code: e.Code, Detail: e.Detail}).Error()
}

// enrolRefusal says what a person does next.
func enrolRefusal(e *refusedError) error {
	next := map[syncproto.Code]string{
		syncproto.CodeNoSuchCode:   "there is no such code: check what you typed",
		syncproto.CodeNotSigned:    "the code does not fit: type it again",
		syncproto.CodeExpired:      "the code has run out: ask for a new one (rawaj admin enrol-code)",
		syncproto.CodeUsed:         "the code was used by another device: ask for a new one (rawaj admin enrol-code)",
		syncproto.CodeTooManyTries: "too many wrong codes: wait a minute",
	}[e.Code]
	if next == "" {
		return e
	}
	return errors.New(next)
}
