-- The truth is one append-only table of events; everything below it is derived from them and can be rebuilt.
-- A derived row is kept whole as JSON (`row`), beside the columns by which it is looked up, ordered or counted.
-- Times are microseconds since 1970 in UTC, offsets seconds east of it, keys 16-byte UUIDs.

CREATE TABLE events (
  seq             INTEGER PRIMARY KEY,
  id              BLOB    NOT NULL UNIQUE,
  subject_kind    TEXT    NOT NULL,
  subject         BLOB,
  at_us           INTEGER NOT NULL,
  at_offset       INTEGER NOT NULL,
  boot            BLOB,
  boot_us         INTEGER,
  recorded_us     INTEGER NOT NULL,
  recorded_offset INTEGER NOT NULL,
  owner           TEXT    NOT NULL,
  evidence        TEXT    NOT NULL,
  revision        INTEGER NOT NULL,
  kind            TEXT    NOT NULL,
  body            TEXT    NOT NULL
) STRICT;
CREATE INDEX events_by_subject ON events (subject, seq);

CREATE TRIGGER events_are_never_edited BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are never edited'); END;
CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;

CREATE TABLE projects (
  key         BLOB PRIMARY KEY,
  name        TEXT NOT NULL,
  place       TEXT NOT NULL,
  root_commit TEXT,
  row         TEXT NOT NULL
) STRICT;
CREATE INDEX projects_by_place ON projects (place);

CREATE TABLE sessions (
  key         BLOB    NOT NULL UNIQUE,
  id          TEXT    NOT NULL UNIQUE,
  project     BLOB,
  number      INTEGER,
  prefix      TEXT    NOT NULL,
  status      TEXT    NOT NULL,
  owner       TEXT    NOT NULL,
  agent       TEXT,
  worktree    TEXT,
  started_us  INTEGER NOT NULL,
  current_us  INTEGER,
  day         TEXT    NOT NULL,
  duration_us INTEGER,
  is_empty    INTEGER NOT NULL,
  row         TEXT    NOT NULL
) STRICT;
CREATE INDEX sessions_newest ON sessions (started_us, key);
CREATE INDEX sessions_newest_of_project ON sessions (project, started_us, key);
CREATE INDEX sessions_last_made_current ON sessions (current_us, key);
CREATE UNIQUE INDEX sessions_by_number ON sessions (project, number);
CREATE INDEX sessions_running_in_worktree ON sessions (worktree, started_us) WHERE status = 'ACTIVE';

CREATE TABLE session_tags (
  tag     TEXT NOT NULL,
  session BLOB NOT NULL,
  PRIMARY KEY (tag, session)
) STRICT, WITHOUT ROWID;
CREATE INDEX session_tags_of_session ON session_tags (session);

CREATE TABLE work_items (
  key      BLOB    NOT NULL UNIQUE,
  id       TEXT    NOT NULL UNIQUE,
  session  BLOB    NOT NULL,
  position INTEGER NOT NULL,
  row      TEXT    NOT NULL
) STRICT;
CREATE INDEX work_items_of_session ON work_items (session, position, key);

-- Events that came before what they are about.
CREATE TABLE waiting (
  awaits_kind TEXT    NOT NULL,
  awaits      BLOB    NOT NULL,
  event       INTEGER NOT NULL,
  PRIMARY KEY (awaits_kind, awaits, event)
) STRICT, WITHOUT ROWID;

-- How far each mirror has been written. Not derived: it says what is on that machine's disk.
CREATE TABLE mirrors (
  machine      TEXT    NOT NULL,
  root         TEXT    NOT NULL,
  seq          INTEGER NOT NULL,
  log_length   INTEGER NOT NULL,
  directory_ns INTEGER,
  PRIMARY KEY (machine, root)
) STRICT, WITHOUT ROWID;
