package live

import (
	"maps"
	"slices"

	"github.com/hashicorp/go-memdb"

	"github.com/rawaj/rawaj/internal/members"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

const (
	tableAlias = "alias" // one row
	aliasKey   = "all"
)

type aliases struct {
	Key string
	Of  rules.Aliases
}

func aliasesTxn(txn *memdb.Txn) (rules.Aliases, error) {
	v, err := txn.First(tableAlias, indexID, aliasKey)
	if err != nil || v == nil {
		return nil, err
	}
	return v.(*aliases).Of, nil
}

func loadAliases(txn *memdb.Txn, rd *state.Reader) error {
	all, err := members.Aliases(rd)
	if err != nil {
		return err
	}
	return txn.Insert(tableAlias, &aliases{aliasKey, all})
}

// followAlias derives anew the sessions of people who are read as others now.
func followAlias(txn *memdb.Txn, row *records.Row) error {
	before, err := aliasesTxn(txn)
	if err != nil {
		return err
	}
	after := maps.Clone(before)
	if after == nil {
		after = rules.Aliases{}
	}
	if row.Of(schema.Voided).Bool() {
		delete(after, row.Of(schema.AliasPerson).ID())
	} else {
		after[row.Of(schema.AliasPerson).ID()] = row.Of(schema.AliasOf).ID()
	}
	if err := txn.Insert(tableAlias, &aliases{aliasKey, after}); err != nil {
		return err
	}
	it, err := txn.Get(tableSession, indexID)
	if err != nil {
		return err
	}
	var touched []session // an iterator does not outlive a write
	for e := it.Next(); e != nil; e = it.Next() {
		if s := e.(*session); slices.ContainsFunc(s.Scans, func(k scan) bool {
			return rules.Merged(before, k.Person) != rules.Merged(after, k.Person)
		}) {
			touched = append(touched, *s)
		}
	}
	for _, s := range touched {
		if err := putSession(txn, s); err != nil {
			return err
		}
	}
	return nil
}
