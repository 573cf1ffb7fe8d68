package localapi

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rawaj/rawaj/internal/refusal"
)

// Gate lets in who holds the token, and browsers that came by a one-time link. It
// looks at the Host first, exactly: an Origin check alone does not stop a name that is
// bound anew to loopback. Then no other site's page may write; then the session.
type Gate struct {
	token string
	hosts []string
	now   func() time.Time
	rand  io.Reader

	mu       sync.Mutex
	links    map[string]time.Time // one-time codes, until when
	sessions map[string]time.Time // cookies, until when
}

const (
	// linkValid is how long a one-time link opens: somebody copies it into a browser.
	linkValid = 10 * time.Minute
	// sessionValid is how long a browser stays signed in: a long day.
	sessionValid = 16 * time.Hour
	// maxLinks and maxSessions bound what is kept; the oldest goes.
	maxLinks    = 32
	maxSessions = 256

	cookieBase = "rawaj"
	loginPath  = "/login"
	apiPath    = "/api/"
)

// NewGate makes a gate that opens to a token; hosts are the exact Host values it
// answers to besides loopback addresses.
func NewGate(token string, hosts ...string) *Gate {
	return &Gate{token: token, hosts: hosts, now: time.Now, rand: rand.Reader, links: map[string]time.Time{}, sessions: map[string]time.Time{}}
}

// Link makes a one-time link below base, such as http://127.0.0.1:8421.
func (g *Gate) Link(base string) (string, error) {
	code, err := g.draw(g.links, maxLinks, linkValid)
	return base + loginPath + "?code=" + code, err
}

// AnswerLink makes a one-time link for whoever is let in already.
func (g *Gate) AnswerLink(w http.ResponseWriter, r *http.Request) {
	link, err := g.Link("http://" + r.Host)
	Answer(w, map[string]string{"url": link}, err)
}

func (g *Gate) draw(into map[string]time.Time, most int, valid time.Duration) (string, error) {
	b := make([]byte, 24)
	if _, err := io.ReadFull(g.rand, b); err != nil {
		return "", err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for len(into) >= most {
		oldest := ""
		for k, until := range into {
			if oldest == "" || until.Before(into[oldest]) {
				oldest = k
			}
		}
		delete(into, oldest)
	}
	key := hex.EncodeToString(b)
	into[key] = g.now().Add(valid)
	return key, nil
}

// Handler puts the gate before next.
func (g *Gate) Handler(next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !loopback(r.Host) && !slices.Contains(g.hosts, r.Host) {
			turnAway(w, r, refusal.New(refusal.WrongHost, "this host name is not served here"))
			return
		}
		if err := cross.Check(r); err != nil {
			turnAway(w, r, refusal.New(refusal.OtherPage, "request comes from another site's page"))
			return
		}
		if r.URL.Path == loginPath && r.Method == http.MethodGet {
			g.login(w, r)
			return
		}
		if !g.bearer(r) && !g.cookie(r) {
			turnAway(w, r, refusal.New(refusal.NotSignedIn, "not signed in: open the link that the program prints, or give the token that stands in the data directory"))
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// turnAway refuses as the API does, or in plain words to who opens a page.
func turnAway(w http.ResponseWriter, r *http.Request, e *refusal.Error) {
	if strings.HasPrefix(r.URL.Path, apiPath) {
		Refuse(w, e)
		return
	}
	http.Error(w, e.Message, e.Status())
}

func (g *Gate) bearer(r *http.Request) bool {
	given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return ok && g.token != "" && subtle.ConstantTimeCompare([]byte(given), []byte(g.token)) == 1
}

func (g *Gate) cookie(r *http.Request) bool {
	c, err := r.Cookie(cookieName(r))
	return err == nil && g.valid(g.sessions, c.Value, false)
}

// valid says whether a key is known and not over; once takes it out.
func (g *Gate) valid(in map[string]time.Time, key string, once bool) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	until, ok := in[key]
	if ok && (once || g.now().After(until)) {
		delete(in, key)
	}
	return ok && !g.now().After(until)
}

// login redeems a one-time link for a session.
func (g *Gate) login(w http.ResponseWriter, r *http.Request) {
	if !g.valid(g.links, r.URL.Query().Get("code"), true) {
		turnAway(w, r, refusal.New(refusal.LinkOver, "this link was used or has run out: ask for a new one (rawaj site open, rawaj admin login-link)"))
		return
	}
	session, err := g.draw(g.sessions, maxSessions, sessionValid)
	if err != nil {
		turnAway(w, r, refusal.New(refusal.Internal, "cannot sign in now: %v", err))
		return
	}
	http.SetCookie(w, &http.Cookie{Name: cookieName(r), Value: session, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, MaxAge: int(sessionValid.Seconds()), Secure: r.TLS != nil})
	w.Header().Set("Referrer-Policy", "no-referrer")
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// cookieName carries the port: a browser sends the cookies of one program of a machine
// to all of them, and two must not sign each other out.
func cookieName(r *http.Request) string {
	_, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		return cookieBase
	}
	return cookieBase + "-" + port
}

func loopback(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	return name == "localhost" || name == "127.0.0.1" || name == "[::1]" || name == "::1"
}
