-- log says which log this is: one row, made with the file, never changed. The
-- mark beside the file carries the same id, so that the mark of one log is not
-- held against another.
CREATE TABLE log(
  one INTEGER PRIMARY KEY CHECK (one = 1),
  id  BLOB NOT NULL CHECK (length(id) = 16)
) STRICT;

-- entry holds the records. Rows are appended in the order of idx, without gaps
-- from 1, by the leader of a group commit alone; none is ever changed or removed.
CREATE TABLE entry(
  idx  INTEGER PRIMARY KEY,
  hash BLOB NOT NULL, -- 32 bytes: SHA-256(hash of idx-1 || SHA-256(data))
  data BLOB NOT NULL
) STRICT;
