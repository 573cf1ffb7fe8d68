package sqlitedb

import (
	"context"
	"fmt"
)

// Migrate brings a database to the newest of steps, each run once, in order and
// in a transaction of its own. The number reached is kept in user_version. A
// database that is newer than the steps is refused: an older program must not
// write what it does not understand.
func Migrate(ctx context.Context, db *DB, steps []string) error {
	for {
		var at int64
		err := db.Write(ctx, func(tx *Tx) error {
			var err error
			if at, err = tx.Int("PRAGMA user_version"); err != nil {
				return err
			}
			if at > int64(len(steps)) {
				return fmt.Errorf("database is at version %d, this program knows %d: use a newer program", at, len(steps))
			}
			if at == int64(len(steps)) {
				return nil
			}
			if err := tx.Script(steps[at]); err != nil {
				return err
			}
			return tx.Script(fmt.Sprintf("PRAGMA user_version = %d", at+1))
		})
		if err != nil {
			return fmt.Errorf("migrate %s to version %d: %w", db.path, at+1, err)
		}
		if at == int64(len(steps)) {
			return nil
		}
	}
}
