package main

import (
	"slices"
	"testing"
)

// An applicant reads the policies in Arabic and signs with the cable pulled; a second
// version asks for another signature, and the first stays to be read.
func TestSystem03PoliciesAndSignature(t *testing.T) {
	t.Parallel()
	s := newMembers(t)
	first := s.publishes(s.day(-200), "النص المختلق الأول")
	s.hears(s.branch, first)
	s.cut()
	var list []policyShown
	s.branch.call("GET", "/api/policies", nil, &list)
	if len(list) != 1 || !list[0].InForce || list[0].Version != 1 || list[0].Texts["ar"] != "النص المختلق الأول" {
		t.Fatalf("what is to be read is %+v", list)
	}
	s.applies(first, s.day(400))
	s.sits(s.branch, 720, 60)
	if f := s.on(""); f.State != "eligible" {
		t.Fatalf("signed with the cable pulled, it is %s with %v", f.State, f.broken())
	}
	s.join()
	s.branch.arrives()
	s.stands(s.branch, "", "eligible")

	second := s.publishes(s.day(1), "النص المختلق الثاني")
	s.hears(s.branch, second)
	if f := s.on(""); f.State != "at_risk" || f.Until != s.day(0) {
		t.Errorf("on the last day of the first version it is %s until %s", f.State, f.Until)
	}
	f := s.on(s.day(1))
	if f.State != "suspended" || !slices.Equal(f.broken(), []string{"signature failed"}) || f.Conditions[3].Since != s.day(0) {
		t.Errorf("with a second version it is %s with %+v", f.State, f.Conditions)
	}
	s.stands(s.branch, s.day(1), "suspended")
	if len(f.Signatures) != 1 || f.Signatures[0].Text != "النص المختلق الأول" || f.Signatures[0].SignedOn != s.day(0) || f.Signatures[0].Version != 1 {
		t.Fatalf("the old signature reads %+v", f.Signatures)
	}
	status, drawing := asks(t, s.branch.dir, "GET", "/api/attachments/"+f.Signatures[0].Image, "", nil)
	if status != 200 || string(drawing) != "a made-up drawing" {
		t.Errorf("its drawing is %d %q", status, drawing)
	}
	s.signs(second)
	if f := s.on(s.day(1)); f.State != "eligible" || len(f.Signatures) != 2 {
		t.Errorf("signed again, it is %s with %d signatures", f.State, len(f.Signatures))
	}
	s.branch.arrives()
	s.stands(s.branch, s.day(1), "eligible")
}
