-- What a site holds. The schema's own tables are added by internal/records: people
-- see in them base with overlay. Beside its fields each record has
--   _state  NULL: base, exactly as the server sent it; 1: made here, base does not have
--          it; 2: edited here, what base has stands in preimage; 3: made here and held
--          in quarantine by the server
--   _own    ord of the newest own transaction that wrote it, while not settled

-- One row: who this device is, and how far it has heard. receipt_no and own_rows are
-- those of the newest transaction in the outbox where that is newer than recorded.
CREATE TABLE identity (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	org BLOB NOT NULL, org_key BLOB NOT NULL,
	device BLOB NOT NULL, site BLOB NOT NULL,
	kind TEXT NOT NULL, prefix TEXT NOT NULL, certificate BLOB NOT NULL,
	server TEXT NOT NULL, site_name TEXT NOT NULL, zone TEXT NOT NULL, lang TEXT NOT NULL,
	wiped_at INTEGER NOT NULL -- UTC ms; 0 where it was not revoked and wiped
) STRICT;
CREATE TABLE progress (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	cursor BLOB, position INTEGER NOT NULL, hash BLOB NOT NULL, history BLOB NOT NULL,
	server_time INTEGER NOT NULL,  -- of the last checkpoint, UTC ms by the server's clock
	last_contact INTEGER NOT NULL, -- UTC ms by our clock
	receipt_no INTEGER NOT NULL,   -- last receipt number given (R14)
	own_rows INTEGER NOT NULL,     -- records with state 1 or 2
	direct INTEGER NOT NULL,       -- base is being filled for the first time, and incomplete
	reading BLOB,                  -- resume point of paged reading
	unequal TEXT NOT NULL,         -- shares whose digest differed at the last checkpoint
	recorded INTEGER NOT NULL      -- ord of the newest own transaction as this row was written
) STRICT;
INSERT INTO progress VALUES (1, NULL, 0, x'', x'', 0, 0, 0, 0, 0, NULL, '', 0);

-- Names that this device had before it was copied and got one of its own. certificate is
-- empty where it has lost the key of that name.
CREATE TABLE former (
	device BLOB PRIMARY KEY, certificate BLOB NOT NULL,
	renamed_at INTEGER NOT NULL -- UTC ms
) STRICT, WITHOUT ROWID;

-- One row a life of a writing process, under the name that it had. acked: in the server's log; settled: judged;
-- released: up to here transactions may be missing from outbox, since they were let go,
-- the last of them with that chain hash; unbacked: how many of these no backup held.
-- last and hash are those of the newest transaction in the outbox where that is further:
-- recording writes no row here, so that a sale writes a page less.
CREATE TABLE incarnation (
	id INTEGER PRIMARY KEY,
	incarnation BLOB NOT NULL UNIQUE, device BLOB NOT NULL,
	parent BLOB, parent_seq INTEGER, parent_hash BLOB,
	genesis BLOB NOT NULL,
	first_ord INTEGER NOT NULL,
	last INTEGER NOT NULL, hash BLOB NOT NULL,
	acked INTEGER NOT NULL, settled INTEGER NOT NULL,
	released INTEGER NOT NULL, released_hash BLOB NOT NULL, unbacked INTEGER NOT NULL
) STRICT;

-- Own transactions, kept until a backup of the server's holds them. hash is the chain
-- hash after it; amounts is canonical minor units by currency of its sale lines. Where
-- body_hash is not NULL, this device may no longer read the body: it is sealed to the
-- organisation's key, and body_hash is what it was. Of a
-- transaction that was let go before one that had to stay, the hash is kept, with an empty
-- body.
CREATE TABLE outbox (
	ord INTEGER PRIMARY KEY,
	inc INTEGER NOT NULL, seq INTEGER NOT NULL,
	hash BLOB NOT NULL, at INTEGER NOT NULL,
	kept BLOB NOT NULL, -- receipt_no and own_rows of progress after it, with a checksum
	amounts BLOB, body BLOB NOT NULL, body_hash BLOB
) STRICT;

-- Up to which own transaction all were judged by the end of a day, by the server's clock.
CREATE TABLE judged (day INTEGER PRIMARY KEY, ord INTEGER NOT NULL) STRICT;

-- What base has of records edited here: canonical {field: value}.
CREATE TABLE preimage (
	tbl INTEGER NOT NULL, record BLOB NOT NULL, fields BLOB NOT NULL,
	PRIMARY KEY (tbl, record)
) STRICT, WITHOUT ROWID;

-- Own unsettled edits, newest first by prev: ord of the own transaction that wrote
-- the record before, NULL for none.
CREATE TABLE overlay (
	tbl INTEGER NOT NULL, record BLOB NOT NULL, ord INTEGER NOT NULL, prev INTEGER,
	PRIMARY KEY (tbl, record, ord)
) STRICT, WITHOUT ROWID;

-- Digests of base, by share: of every share that a base record is in, readable or not.
-- covered: complete here as of the cursor. differs: 0 where it was the server's at the
-- last comparison; else 1 and how many repairs by ranges did not help.
CREATE TABLE share (
	class INTEGER NOT NULL, scope BLOB NOT NULL,
	count INTEGER NOT NULL, sum BLOB NOT NULL, covered INTEGER NOT NULL, differs INTEGER NOT NULL,
	PRIMARY KEY (class, scope)
) STRICT, WITHOUT ROWID;

-- Frames heard since the last checkpoint, as they came.
CREATE TABLE staging (n INTEGER PRIMARY KEY, frame BLOB NOT NULL) STRICT;

-- Older cursors at growing distance, for a server that was restored.
CREATE TABLE older (position INTEGER PRIMARY KEY, cursor BLOB NOT NULL) STRICT;
