package rules

import (
	"bytes"
	"slices"
	"strings"

	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// PersonOf is a person as the search for duplicates takes it: of the classes that the
// device may read anyway, and of nothing beyond.
type PersonOf struct {
	ID            syncproto.RecordID
	Name          string
	Phone         string
	Card          string
	BirthYear     int64 // 0: not known
	Neighbourhood string
}

// betweenNames are words that one writes and another leaves out, folded.
var betweenNames = []string{"بن", "بنت", "ابن", "ال", "bin", "bint", "ibn", "al", "el"}

// NameWords are the words of a name by which people mean one person: folded as search
// folds, without the words between names and the article, in order.
func NameWords(name string) []string {
	var words []string
	for _, w := range strings.Fields(strings.ReplaceAll(schema.Fold(name), "-", " ")) {
		if slices.Contains(betweenNames, w) {
			continue
		}
		if rest, ok := strings.CutPrefix(w, "ال"); ok && len([]rune(rest)) > 2 {
			w = rest
		}
		words = append(words, w)
	}
	slices.Sort(words)
	return words
}

// phoneDigits are the digits at the end of a phone number that tell subscribers apart,
// with whatever prefix they are written.
const phoneDigits = 8

func phoneKey(phone string) string {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, schema.ASCIIDigits(phone))
	return digits[max(len(digits)-phoneDigits, 0):]
}

// Why two records may be one person.
const (
	SameCard     = "card"
	SamePhone    = "phone"
	SameName     = "name"
	AlikeName    = "name_alike" // a letter apart, or one has fewer of the names
	SameBirth    = "birth_year"
	SameDistrict = "neighbourhood"
)

// Pair is two records that are likely one person, the smaller id first.
type Pair struct {
	A, B    syncproto.RecordID
	Because []string
}

// Alike says why two records are likely one person; nil where they are not. A card or a
// name with the phone is enough. Names alone are not: two more things have to agree, or
// one where the names are the same, and years of birth that differ speak against it.
func Alike(a, b *PersonOf) (because []string) {
	name := alikeNames(NameWords(a.Name), NameWords(b.Name))
	card := a.Card != "" && a.Card == b.Card
	phone := len(phoneKey(a.Phone)) == phoneDigits && phoneKey(a.Phone) == phoneKey(b.Phone)
	birth := a.BirthYear != 0 && a.BirthYear == b.BirthYear
	district := a.Neighbourhood != "" && schema.Fold(a.Neighbourhood) == schema.Fold(b.Neighbourhood)
	apart := a.BirthYear != 0 && b.BirthYear != 0 && !birth
	more := 0
	for _, s := range []bool{birth, district} {
		if s {
			more++
		}
	}
	switch {
	case card:
	case name != "" && phone:
	case apart:
		return nil
	case name == SameName && more >= 1:
	case name == AlikeName && more == 2:
	default:
		return nil
	}
	for _, s := range []struct {
		is   bool
		word string
	}{{card, SameCard}, {phone, SamePhone}, {name != "", name}, {birth, SameBirth}, {district, SameDistrict}} {
		if s.is {
			because = append(because, s.word)
		}
	}
	return because
}

func alikeNames(a, b []string) string {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a) == 0 {
		return ""
	}
	if slices.Equal(a, b) {
		return SameName
	}
	left := slices.Clone(b)
	letters := 0
	for _, w := range a {
		at := slices.Index(left, w)
		if at < 0 {
			at = slices.IndexFunc(left, func(o string) bool { return oneLetterApart([]rune(w), []rune(o)) })
			letters++
		}
		if at < 0 {
			return ""
		}
		left = slices.Delete(left, at, at+1)
	}
	if letters > 1 || len(a) < 2 {
		return ""
	}
	return AlikeName
}

// oneLetterApart says whether one letter too many, too few or other makes one word of the
// other. In words of one or two letters that is another word.
func oneLetterApart(a, b []rune) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a) < 3 || len(b)-len(a) > 1 {
		return false
	}
	same := 0
	for same < len(a) && a[same] == b[same] {
		same++
	}
	if len(a) == len(b) {
		return same == len(a) || slices.Equal(a[same+1:], b[same+1:])
	}
	return slices.Equal(a[same:], b[same+1:])
}

// maxBucket bounds how many records with one word or number are compared with each other:
// what half the world is called tells nobody apart. Whole names are compared beside words.
const maxBucket = 300

// Duplicates lists pairs that are likely one person, in order. Only records that have a
// word of their names, a phone or a card in common are compared.
func Duplicates(all []PersonOf) (pairs []Pair) {
	buckets := map[string][]int{}
	for i := range all {
		keys := NameWords(all[i].Name)
		keys = append(keys, "name "+strings.Join(keys, " "))
		if p := phoneKey(all[i].Phone); len(p) == phoneDigits {
			keys = append(keys, "tel "+p)
		}
		if all[i].Card != "" {
			keys = append(keys, "card "+all[i].Card)
		}
		slices.Sort(keys)
		for _, k := range slices.Compact(keys) {
			buckets[k] = append(buckets[k], i)
		}
	}
	seen := map[[2]syncproto.RecordID]bool{}
	for _, bucket := range buckets {
		if len(bucket) > maxBucket {
			continue
		}
		for n, i := range bucket {
			for _, j := range bucket[n+1:] {
				a, b := &all[i], &all[j]
				if bytes.Compare(a.ID[:], b.ID[:]) > 0 {
					a, b = b, a
				}
				key := [2]syncproto.RecordID{a.ID, b.ID}
				if seen[key] || a.ID == b.ID {
					continue
				}
				seen[key] = true
				if because := Alike(a, b); because != nil {
					pairs = append(pairs, Pair{a.ID, b.ID, because})
				}
			}
		}
	}
	slices.SortFunc(pairs, func(p, q Pair) int {
		if c := bytes.Compare(p.A[:], q.A[:]); c != 0 {
			return c
		}
		return bytes.Compare(p.B[:], q.B[:])
	})
	return pairs
}

// Merged is who a person is read as: aliases lead from one record to another, those that
// were undone left out. Two that were merged into each other apart are read as the smaller.
func Merged(aliases map[syncproto.RecordID]syncproto.RecordID, id syncproto.RecordID) syncproto.RecordID {
	path := []syncproto.RecordID{id}
	for {
		next, ok := aliases[path[len(path)-1]]
		if !ok {
			return path[len(path)-1]
		}
		if at := slices.Index(path, next); at >= 0 { // a circle
			return slices.MinFunc(path[at:], func(a, b syncproto.RecordID) int { return bytes.Compare(a[:], b[:]) })
		}
		path = append(path, next)
	}
}
