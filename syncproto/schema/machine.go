package schema

import "slices"

// Machine is the states that a group with rule State goes through.
type Machine struct {
	Initial []string // that a record may be made in
	Arrows  []Arrow
	Clashes []Clash
	Rank    []string // decides clashes that Clashes does not name: the state further on in it stands
	Waiting []string // states that differ only in how far waiting has come: left in one, met in another, is no clash
}

// Arrow leads from one state to another.
type Arrow struct{ From, To string }

// Clash decides a change that left a state which is no longer the present one:
// the outcome is the state that results; empty refuses the transaction.
type Clash struct{ Left, Wanted, Present, Outcome string }

// Decide gives the state after a change from left to wanted met present, and
// whether it may be taken at all. A change that arrives where it wanted to go is
// taken as it stands.
func (m *Machine) Decide(left, wanted, present string) (outcome string, ok bool) {
	if !slices.Contains(m.Arrows, Arrow{left, wanted}) {
		return "", false
	}
	if left == present || wanted == present || m.OnlyWaited(left, present) {
		return wanted, true
	}
	for _, c := range m.Clashes {
		if c.Left == left && c.Wanted == wanted && c.Present == present {
			return c.Outcome, c.Outcome != ""
		}
	}
	w, p := slices.Index(m.Rank, wanted), slices.Index(m.Rank, present)
	if w < 0 || p < 0 {
		return "", false
	}
	return m.Rank[max(w, p)], true
}

// OnlyWaited says that two states differ only in how far waiting has come.
func (m *Machine) OnlyWaited(a, b string) bool {
	return slices.Contains(m.Waiting, a) && slices.Contains(m.Waiting, b)
}

func (m *Machine) words() []string {
	all := slices.Clone(m.Initial)
	for _, a := range m.Arrows {
		if !slices.Contains(all, a.From) {
			all = append(all, a.From)
		}
		if !slices.Contains(all, a.To) {
			all = append(all, a.To)
		}
	}
	return all
}
