-- One row an attachment that is here, or on its way. whole: it was seen to lack no chunk,
-- and all of them are on disk. named: a record was seen to name it,
-- so that it goes as soon as none does; at: when it was put here, UTC ms. giver: whose
-- quota it counts in. kept: the history whose server said that it has it whole (SPEC
-- §5.16); empty where none did.
CREATE TABLE attachment (
	root BLOB PRIMARY KEY, length INTEGER NOT NULL, whole INTEGER NOT NULL,
	named INTEGER NOT NULL, at INTEGER NOT NULL, giver BLOB NOT NULL,
	kept BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Its chunks, in order; those without a row in chunk are lacking.
CREATE TABLE part (
	root BLOB NOT NULL, n INTEGER NOT NULL, hash BLOB NOT NULL,
	PRIMARY KEY (root, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX part_hash ON part (hash);

-- Bytes by what they are: equal ones are here once.
CREATE TABLE chunk (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, data BLOB NOT NULL) STRICT;
