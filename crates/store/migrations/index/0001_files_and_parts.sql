-- What was read from transcripts. Everything in here can be read again: a file of another version is thrown away.

-- A file as it was read from its beginning on; one that was replaced or cut is another one of the same path. Of a file that holds many sessions each
-- of them is one of its own, within it.
CREATE TABLE files (
  id         INTEGER PRIMARY KEY,
  agent      TEXT    NOT NULL,
  path       TEXT    NOT NULL,
  born       INTEGER NOT NULL, -- when that was, in microseconds since 1970
  is_current INTEGER NOT NULL, -- whether it is what lies at its path now, as far as anybody looked
  device     INTEGER NOT NULL,
  inode      INTEGER NOT NULL,
  size       INTEGER NOT NULL,
  changed_ns INTEGER NOT NULL,
  place      INTEGER NOT NULL, -- how far it was read, in bytes
  mark       INTEGER NOT NULL, -- a hash of the last bytes before that place; of what is never gone on with, of what it says
  carried    BLOB    NOT NULL, -- what the last pass carried on
  is_within  INTEGER NOT NULL, -- whether it is a session within a file of many
  UNIQUE (path, born)
) STRICT;

-- What one pass over a part of a file found.
CREATE TABLE parts (
  file    INTEGER NOT NULL,
  part    INTEGER NOT NULL,
  format  INTEGER NOT NULL,
  is_kept INTEGER NOT NULL, -- whether the store has it too
  rest    BLOB    NOT NULL, -- everything but responses
  PRIMARY KEY (file, part)
) STRICT;

-- Its responses, apart: reports of usage read these and nothing else.
CREATE TABLE usages (
  id      INTEGER PRIMARY KEY AUTOINCREMENT, -- never given twice: whoever has seen some knows by it what is new
  file    INTEGER NOT NULL,
  part    INTEGER NOT NULL,
  format  INTEGER NOT NULL,
  usage   BLOB    NOT NULL,
  UNIQUE (file, part)
) STRICT;

-- The responses of the first of them, laid together: most reports find nothing else, and a few new ones.
CREATE TABLE laid (
  one     INTEGER PRIMARY KEY CHECK (one = 1),
  last    INTEGER NOT NULL, -- the last one that is in it
  parts   INTEGER NOT NULL, -- how many are; where that is not how many there are up to it, one of them is gone
  format  INTEGER NOT NULL,
  usage   BLOB    NOT NULL
) STRICT;

CREATE INDEX parts_to_keep ON parts (file, part) WHERE NOT is_kept;

CREATE TABLE conversations (
  conversation TEXT    NOT NULL,
  file         INTEGER NOT NULL,
  is_taken_in  INTEGER NOT NULL, -- whether the store has a session for it, as far as the file told of it
  PRIMARY KEY (conversation, file)
) STRICT, WITHOUT ROWID;
CREATE INDEX conversations_to_take_in ON conversations (conversation) WHERE NOT is_taken_in;
