-- What can be searched. Everything in here can be made again but the text of transcripts that are gone: a file of another version is thrown away.

-- How far everything else was followed, by name.
CREATE TABLE facts (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- A transcript, and how far its text was read.
CREATE TABLE files (
  id         INTEGER PRIMARY KEY,
  agent      TEXT    NOT NULL,
  path       TEXT    NOT NULL UNIQUE,
  device     INTEGER NOT NULL,
  inode      INTEGER NOT NULL,
  size       INTEGER NOT NULL,
  changed_ns INTEGER NOT NULL,
  place      INTEGER NOT NULL, -- how far it was read, in bytes
  mark       INTEGER NOT NULL, -- a hash of the last bytes before that place
  carried    BLOB    NOT NULL  -- what the next pass has to know
) STRICT;

-- Documents of one owner, packed together: what is found is read back from here.
CREATE TABLE blocks (
  id    INTEGER PRIMARY KEY,
  owner TEXT    NOT NULL,
  bytes BLOB    NOT NULL
) STRICT;
CREATE INDEX blocks_of_owner ON blocks (owner);

-- Where a document is. Ids are in the order of time, so that the newest are found without sorting.
CREATE TABLE documents (
  id     INTEGER PRIMARY KEY, -- milliseconds since 1970, times 256, and a number
  key    INTEGER NOT NULL,    -- what it is known by: the same twice is there once
  block  INTEGER NOT NULL,
  place  INTEGER NOT NULL     -- where it begins in the block, unpacked
) STRICT;
CREATE UNIQUE INDEX documents_by_key ON documents (key);
CREATE INDEX documents_of_block ON documents (block);

-- Their words. `parts` has what words of code are put together from, `marks` what they can be narrowed by.
CREATE VIRTUAL TABLE words USING fts5 (
  text, parts, marks,
  content = '', contentless_delete = 1,
  tokenize = "unicode61 remove_diacritics 2"
);
INSERT INTO words (words, rank) VALUES ('hashsize', 67108864);
