-- State is the log folded into tables. Apply alone writes here, and everything can
-- be made anew from the log. The schema's own tables are added by internal/records.

-- One row: how far the fold has come. history is the log's identity; applied and
-- log_hash name the last entry folded; position and position_hash the last
-- transaction judged.
CREATE TABLE fold (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	org BLOB NOT NULL,
	org_key BLOB NOT NULL,
	history BLOB NOT NULL,
	applied INTEGER NOT NULL,
	log_hash BLOB NOT NULL,
	position INTEGER NOT NULL,
	position_hash BLOB NOT NULL,
	last_received INTEGER NOT NULL,
	unsound INTEGER NOT NULL
) STRICT;

-- Where histories of the log parted: a base above the position that the log does not
-- hold was taken from the history that is gone.
CREATE TABLE fork (position INTEGER PRIMARY KEY) STRICT;

-- Server devices, known by a certificate that stands in the log.
CREATE TABLE node (device BLOB PRIMARY KEY, key BLOB NOT NULL, certificate BLOB NOT NULL) STRICT, WITHOUT ROWID;

-- One row an incarnation and branch of it: how far it has been judged. A branch
-- begins after parent_seq of its parent, like a new incarnation after a genesis. alive
-- is the highest position that was judged when the device last showed, on a connection,
-- that it is the one which goes on with this chain; 0 where it never did.
CREATE TABLE chain (
	id INTEGER PRIMARY KEY,
	incarnation BLOB NOT NULL,
	device BLOB NOT NULL,
	genesis BLOB NOT NULL,
	first INTEGER NOT NULL,
	head INTEGER NOT NULL,
	hash BLOB NOT NULL,
	stamp INTEGER NOT NULL,
	held INTEGER NOT NULL,
	parent INTEGER NOT NULL,
	parent_seq INTEGER NOT NULL,
	alive INTEGER NOT NULL
) STRICT;
CREATE INDEX chain_incarnation ON chain (incarnation);
CREATE INDEX chain_device ON chain (device);

-- One row a transaction, by the position at which it was first judged. code is 0
-- where it was applied there. short is the log's hash at the position.
CREATE TABLE tx (
	position INTEGER PRIMARY KEY,
	chain INTEGER NOT NULL,
	seq INTEGER NOT NULL,
	hash BLOB NOT NULL,
	stamp INTEGER NOT NULL,
	code INTEGER NOT NULL,
	short BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX tx_chain ON tx (chain, seq);

-- The writer of a group where it is not the transaction that made the record:
-- position is where the write took effect, tx the writing transaction's own.
CREATE TABLE writer (
	tbl INTEGER NOT NULL, record BLOB NOT NULL, grp INTEGER NOT NULL,
	position INTEGER NOT NULL, tx INTEGER NOT NULL,
	PRIMARY KEY (tbl, record, grp)
) STRICT, WITHOUT ROWID;

-- One row a share: what its members' hashes add up to, the last position that touched
-- it, and its floor: up to there, what left it is not remembered any more.
CREATE TABLE share (
	id INTEGER PRIMARY KEY,
	class INTEGER NOT NULL, scope BLOB NOT NULL,
	count INTEGER NOT NULL, sum BLOB NOT NULL,
	position INTEGER NOT NULL,
	floor INTEGER NOT NULL DEFAULT 0,
	UNIQUE (class, scope)
) STRICT;

-- The feed: one row for each record that is or was in a share, at the last position
-- that touched it. What is a member now is sent as a row, what is not as a Leave.
CREATE TABLE feed (
	share INTEGER NOT NULL, position INTEGER NOT NULL, tbl INTEGER NOT NULL, record BLOB NOT NULL,
	PRIMARY KEY (share, position, tbl, record)
) STRICT, WITHOUT ROWID;

-- Where in the log each day of arrival began, for as long as the feed remembers what
-- left: days since 1970, UTC.
CREATE TABLE age (day INTEGER PRIMARY KEY, position INTEGER NOT NULL) STRICT;

-- Where in the feed of a share a record stands that has left it.
CREATE TABLE gone (
	share INTEGER NOT NULL, tbl INTEGER NOT NULL, record BLOB NOT NULL, position INTEGER NOT NULL,
	PRIMARY KEY (share, tbl, record)
) STRICT, WITHOUT ROWID;
CREATE INDEX gone_position ON gone (position);

-- Transactions in quarantine, by their own position; body is what the author signed,
-- waives the refusals that head office has waived, two bytes each.
CREATE TABLE held (
	position INTEGER PRIMARY KEY,
	chain INTEGER NOT NULL, seq INTEGER NOT NULL,
	hash BLOB NOT NULL, device BLOB NOT NULL,
	code INTEGER NOT NULL, detail TEXT NOT NULL,
	body BLOB NOT NULL,
	received INTEGER NOT NULL,
	verdict BLOB NOT NULL,
	waives BLOB
) STRICT;
CREATE INDEX held_chain ON held (chain, seq);

-- What held transactions would have written: later ones of the chain that write the
-- same, or rest on a record that only a held one makes, wait with it.
CREATE TABLE held_write (
	tbl INTEGER NOT NULL, record BLOB NOT NULL, grp INTEGER NOT NULL, position INTEGER NOT NULL,
	made INTEGER NOT NULL,
	PRIMARY KEY (record, tbl, grp, position)
) STRICT, WITHOUT ROWID;

-- Conflicts that nobody has settled, by the group that they are about; position is
-- where they arose, ledger the table that they stand in.
CREATE TABLE disputed (
	record BLOB NOT NULL, tbl INTEGER NOT NULL, grp INTEGER NOT NULL,
	conflict BLOB NOT NULL, ledger INTEGER NOT NULL, position INTEGER NOT NULL,
	PRIMARY KEY (record, tbl, grp, conflict)
) STRICT, WITHOUT ROWID;

-- Records that a held transaction waits for.
CREATE TABLE waits (
	record BLOB NOT NULL, tbl INTEGER NOT NULL, position INTEGER NOT NULL,
	PRIMARY KEY (record, tbl, position)
) STRICT, WITHOUT ROWID;

-- Entries whose predecessor in the chain has not been judged: hash is the chain hash
-- they wait for. They have no position yet.
CREATE TABLE parked (
	entry INTEGER PRIMARY KEY, before BLOB NOT NULL, device BLOB NOT NULL, transactions INTEGER NOT NULL, data BLOB NOT NULL
) STRICT;
CREATE INDEX parked_before ON parked (before);

-- When a device was last heard of, what its clock was off when that was last measured, and
-- what it declared last. amounts is canonical {currency: minor units}.
CREATE TABLE health (
	device BLOB PRIMARY KEY,
	last_contact INTEGER NOT NULL, offset_ms INTEGER NOT NULL,
	declared INTEGER NOT NULL, amounts BLOB NOT NULL, oldest INTEGER NOT NULL, differing INTEGER NOT NULL, unbacked INTEGER NOT NULL,
	declared_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The report's figures, kept as sales are folded. dim is what they are grouped by
-- (internal/report), key the value; currency is empty for counts.
CREATE TABLE figure (
	dim INTEGER NOT NULL, key BLOB NOT NULL,
	pieces INTEGER NOT NULL, lines INTEGER NOT NULL, receipts INTEGER NOT NULL, unpriced INTEGER NOT NULL,
	PRIMARY KEY (dim, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE figure_amount (
	dim INTEGER NOT NULL, key BLOB NOT NULL, currency TEXT NOT NULL, amount INTEGER NOT NULL,
	PRIMARY KEY (dim, key, currency)
) STRICT, WITHOUT ROWID;
