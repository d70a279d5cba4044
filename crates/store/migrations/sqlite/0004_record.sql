-- The record of work: entries, and what sessions left behind in their worktrees.

CREATE TABLE entries (
  key      BLOB    NOT NULL UNIQUE,
  id       TEXT    NOT NULL UNIQUE,
  session  BLOB    NOT NULL,
  position INTEGER NOT NULL,
  row      TEXT    NOT NULL
) STRICT;
CREATE INDEX entries_of_session ON entries (session, position, key);

CREATE TABLE footprints (
  session BLOB NOT NULL PRIMARY KEY,
  row     TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- A session that ended since anybody looked at what it left behind.
ALTER TABLE sessions ADD COLUMN wants_survey INTEGER NOT NULL DEFAULT 0;
CREATE INDEX sessions_to_survey ON sessions (touched_us) WHERE wants_survey;
