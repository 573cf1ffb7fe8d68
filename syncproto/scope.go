package syncproto

import (
	"fmt"
	"strings"
)

// Class is a data class: who may read a table at all (SPEC §3.6).
type Class uint8

// S sales and activity, P personal, E eligibility, X protection.
const (
	ClassS Class = 1
	ClassP Class = 2
	ClassE Class = 3
	ClassX Class = 4
)

func (c Class) String() string {
	if c < ClassS || c > ClassX {
		return fmt.Sprintf("class-%d", uint8(c))
	}
	return "SPEX"[c-1 : c]
}

// ScopeKind is what a scope is about.
type ScopeKind uint8

// ScopeOrg has no id; ScopeCentre is read by the server's own devices alone.
const (
	ScopeOrg    ScopeKind = 1
	ScopeSite   ScopeKind = 2
	ScopeFair   ScopeKind = 3
	ScopeDesk   ScopeKind = 4
	ScopeDevice ScopeKind = 5
	ScopeCentre ScopeKind = 6
)

var scopeNames = [...]string{ScopeOrg: "org", ScopeSite: "site", ScopeFair: "fair", ScopeDesk: "desk", ScopeDevice: "device", ScopeCentre: "centre"}

// Scope is a set of records that are synced together: org, centre, or one of
// site/ID, fair/ID, desk/ID, device/ID.
type Scope struct {
	Kind ScopeKind
	ID   RecordID
}

// OrgScope and CentreScope are the scopes without an id.
var (
	OrgScope    = Scope{Kind: ScopeOrg}
	CentreScope = Scope{Kind: ScopeCentre}
)

func (k ScopeKind) hasID() bool { return k >= ScopeSite && k <= ScopeDevice }

func (s Scope) String() string {
	switch {
	case s.Kind < ScopeOrg || s.Kind > ScopeCentre:
		return fmt.Sprintf("scope-%d", uint8(s.Kind))
	case s.Kind.hasID():
		return scopeNames[s.Kind] + "/" + s.ID.String()
	}
	return scopeNames[s.Kind]
}

// MarshalText gives the form of String.
func (s Scope) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the form of String.
func (s *Scope) UnmarshalText(b []byte) error {
	name, id, has := strings.Cut(string(b), "/")
	for k := ScopeOrg; k <= ScopeCentre; k++ {
		if scopeNames[k] != name || k.hasID() != has {
			continue
		}
		*s = Scope{Kind: k}
		if has {
			return s.ID.UnmarshalText([]byte(id))
		}
		return nil
	}
	return fmt.Errorf("scope %q: want org, centre, or site/, fair/, desk/ or device/ and an id", b)
}

// AppendBinary is the form on the wire: the kind in one byte, then the id where
// the kind has one.
func (s Scope) AppendBinary(b []byte) []byte {
	b = append(b, byte(s.Kind))
	if s.Kind.hasID() {
		b = append(b, s.ID[:]...)
	}
	return b
}

// ScopeFromBinary reads the form of AppendBinary.
func ScopeFromBinary(b []byte) (Scope, error) {
	if len(b) > 0 {
		s := Scope{Kind: ScopeKind(b[0])}
		switch {
		case s.Kind < ScopeOrg || s.Kind > ScopeCentre:
		case s.Kind.hasID() && len(b) == 17:
			copy(s.ID[:], b[1:])
			return s, nil
		case !s.Kind.hasID() && len(b) == 1:
			return s, nil
		}
	}
	return Scope{}, fmt.Errorf("scope of %d bytes is none", len(b))
}

// MarshalCBOR is a byte string of AppendBinary.
func (s Scope) MarshalCBOR() ([]byte, error) {
	b := s.AppendBinary(nil)
	return append([]byte{0x40 | byte(len(b))}, b...), nil
}

// UnmarshalCBOR reads the form of MarshalCBOR; it is at most 17 bytes and a head of one.
func (s *Scope) UnmarshalCBOR(b []byte) error {
	if len(b) < 2 || len(b) > 18 || b[0] != 0x40|byte(len(b)-1) {
		return fmt.Errorf("a scope is a byte string of 1 or 17 bytes")
	}
	v, err := ScopeFromBinary(b[1:])
	*s = v
	return err
}

// Share is what grants, feed and digests work on: the records of one class in one scope.
type Share struct {
	_     struct{} `cbor:",toarray"`
	Class Class
	Scope Scope
}

func (s Share) String() string { return s.Class.String() + " " + s.Scope.String() }

// Compare orders shares by class, then by the scope's bytes.
func (s Share) Compare(o Share) int {
	if s.Class != o.Class {
		return int(s.Class) - int(o.Class)
	}
	return strings.Compare(string(s.Scope.AppendBinary(nil)), string(o.Scope.AppendBinary(nil)))
}
