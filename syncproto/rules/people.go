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
	Papers        []string // kind and number (PaperOf), where the device may read them
}

// PaperOf is a paper as two records of one person have it alike.
func PaperOf(kind, number string) string { return kind + " " + schema.Fold(number) }

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
	SamePaper    = "paper"
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

// asked is a person with what comparing takes, computed once.
type asked struct {
	*PersonOf
	words           []string
	phone, district string
}

func ask(p *PersonOf) asked {
	a := asked{PersonOf: p, words: NameWords(p.Name), district: schema.Fold(p.Neighbourhood)}
	if key := phoneKey(p.Phone); len(key) == phoneDigits {
		a.phone = key
	}
	return a
}

// keys are what two records have in common that are compared with each other.
func (a *asked) keys() []string {
	keys := append(slices.Clone(a.words), "name "+strings.Join(a.words, " "))
	if a.phone != "" {
		keys = append(keys, "tel "+a.phone)
	}
	if a.Card != "" {
		keys = append(keys, "card "+a.Card)
	}
	for _, p := range a.Papers {
		keys = append(keys, "paper "+p)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// Keys are texts, one of which everybody has in the folded name or card who is likely the
// same as a person of that name and card.
func Keys(name, card string) []string {
	words := NameWords(name)
	keys := slices.Clone(words)
	if len(words) > 1 {
		keys = append(keys, strings.Join(words, " "))
	}
	if card != "" {
		keys = append(keys, card)
	}
	return keys
}

// Alike says why two records are likely one person; nil where they are not. A card, a paper
// or a name with the phone is enough. Names alone are not: two more things have to agree, or
// one where the names are the same, and years of birth that differ speak against it.
func Alike(a, b *PersonOf) (because []string) {
	one, other := ask(a), ask(b)
	return one.alike(&other)
}

func (a *asked) alike(b *asked) (because []string) {
	name := alikeNames(a.words, b.words)
	card := a.Card != "" && a.Card == b.Card
	paper := slices.ContainsFunc(a.Papers, func(p string) bool { return slices.Contains(b.Papers, p) })
	phone := a.phone != "" && a.phone == b.phone
	birth := a.BirthYear != 0 && a.BirthYear == b.BirthYear
	district := a.district != "" && a.district == b.district
	apart := a.BirthYear != 0 && b.BirthYear != 0 && !birth
	more := 0
	for _, s := range []bool{birth, district} {
		if s {
			more++
		}
	}
	switch {
	case card || paper:
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
	}{{card, SameCard}, {paper, SamePaper}, {phone, SamePhone}, {name != "", name}, {birth, SameBirth}, {district, SameDistrict}} {
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

// MaxBucket bounds how many records with one word or number are compared with each other:
// what half the world is called tells nobody apart. Whole names are compared beside words.
const MaxBucket = 300

// Duplicates lists pairs that are likely one person, in order. Only records that have a
// word of their names, a phone, a card or a paper in common are compared.
func Duplicates(all []PersonOf) (pairs []Pair) {
	people, buckets := make([]asked, len(all)), map[string][]int{}
	for i := range all {
		people[i] = ask(&all[i])
		for _, k := range people[i].keys() {
			buckets[k] = append(buckets[k], i)
		}
	}
	seen := map[[2]syncproto.RecordID]bool{}
	for _, bucket := range buckets {
		if len(bucket) > MaxBucket {
			continue
		}
		for n, i := range bucket {
			for _, j := range bucket[n+1:] {
				a, b := &people[i], &people[j]
				if bytes.Compare(a.ID[:], b.ID[:]) > 0 {
					a, b = b, a
				}
				key := [2]syncproto.RecordID{a.ID, b.ID}
				if seen[key] || a.ID == b.ID {
					continue
				}
				seen[key] = true
				if because := a.alike(b); because != nil {
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
