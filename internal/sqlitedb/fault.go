package sqlitedb

import "sync"

// Faults stand between a database and its disk, in simulations. The zero Faults let
// everything by.
type Faults struct {
	Before func() error // before each commit; its error is the commit's, which does not happen
	After  func(Sync)   // after each, which was as durable as this
}

// injected are the faults of databases that are yet to be opened, by path.
var injected sync.Map

// Inject has faults stand between the database at path and its disk from when it is next
// opened for writing; nil, none.
func Inject(path string, f *Faults) {
	if f == nil {
		injected.Delete(path)
		return
	}
	injected.Store(path, f)
}

func faultsOf(path string) *Faults {
	f, _ := injected.Load(path)
	faults, _ := f.(*Faults)
	return faults
}

// commit ends a transaction of the writer.
func (c *conn) commit() error {
	if c.faults == nil {
		return c.exec("COMMIT", nil)
	}
	if c.faults.Before != nil {
		if err := c.faults.Before(); err != nil {
			return err
		}
	}
	err := c.exec("COMMIT", nil)
	if err == nil && c.faults.After != nil {
		c.faults.After(c.sync)
	}
	return err
}
