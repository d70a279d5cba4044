-- The chain: transitions from one agent session to the next, and heads. And what is needed to notice that a session has ended.

CREATE TABLE transitions (
  event   BLOB    NOT NULL PRIMARY KEY,
  project BLOB    NOT NULL,
  seq     INTEGER NOT NULL,
  new     TEXT    NOT NULL,
  session BLOB,
  row     TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX transitions_in_order ON transitions (project, seq);
CREATE INDEX transitions_by_new ON transitions (new);
CREATE INDEX transitions_of_session ON transitions (session) WHERE session IS NOT NULL;

-- `scope` is `project`, `version:<name>` or `worktree:<directory>`.
CREATE TABLE heads (
  project       BLOB NOT NULL,
  scope         TEXT NOT NULL,
  agent         TEXT NOT NULL,
  agent_session TEXT NOT NULL,
  row           TEXT NOT NULL,
  PRIMARY KEY (project, scope)
) STRICT, WITHOUT ROWID;

-- When the last change of a session was recorded: one that goes silent is noticed.
ALTER TABLE sessions ADD COLUMN touched_us INTEGER NOT NULL DEFAULT 0;
CREATE INDEX sessions_going_on ON sessions (touched_us) WHERE status = 'ACTIVE';

-- Which processes run a conversation, as far as anybody said.
ALTER TABLE runs ADD COLUMN is_open INTEGER NOT NULL DEFAULT 0;
CREATE INDEX runs_open ON runs (conversation) WHERE is_open;
