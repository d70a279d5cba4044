-- Conversations of agents with their turns and tool calls, and how far each inbox was taken in.
-- A payload is kept beside its event, so that a better reader can pass over it again.

ALTER TABLE events ADD COLUMN payload TEXT;
-- The few events that files for people are made from, among the many of agents.
CREATE INDEX events_of_people ON events (seq) WHERE subject_kind <> 'conversation';

CREATE TABLE conversations (
  key     BLOB    NOT NULL PRIMARY KEY,
  agent   TEXT    NOT NULL,
  id      TEXT    NOT NULL,
  last_us INTEGER NOT NULL,
  row     TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX conversations_by_id ON conversations (id);
CREATE INDEX conversations_newest ON conversations (last_us);

-- Which conversations belong, or belonged, to a session.
CREATE TABLE session_conversations (
  session      BLOB NOT NULL,
  conversation BLOB NOT NULL,
  PRIMARY KEY (session, conversation)
) STRICT, WITHOUT ROWID;
CREATE INDEX session_conversations_of_conversation ON session_conversations (conversation);

-- Which processes run, or ran, a conversation.
CREATE TABLE runs (
  pid          INTEGER NOT NULL,
  started      INTEGER NOT NULL,
  boot         BLOB    NOT NULL,
  namespace    INTEGER NOT NULL,
  conversation BLOB    NOT NULL,
  PRIMARY KEY (pid, started, boot, namespace, conversation)
) STRICT, WITHOUT ROWID;

-- Keys are hashes: rows lie in the order in which they came, and only the narrow index is scattered.
CREATE TABLE turns (
  place        INTEGER PRIMARY KEY,
  key          BLOB    NOT NULL UNIQUE,
  conversation BLOB    NOT NULL,
  row          TEXT    NOT NULL
) STRICT;
CREATE INDEX turns_of_conversation ON turns (conversation);

CREATE TABLE tool_calls (
  place        INTEGER PRIMARY KEY,
  key          BLOB    NOT NULL UNIQUE,
  conversation BLOB    NOT NULL,
  row          TEXT    NOT NULL
) STRICT;
CREATE INDEX tool_calls_of_conversation ON tool_calls (conversation);

-- How far each segment of an inbox was taken in. Not derived: it is moved in the transaction that stores the events.
CREATE TABLE inbox (
  segment  TEXT    NOT NULL PRIMARY KEY,
  place    INTEGER NOT NULL,
  mark     INTEGER NOT NULL,
  events   INTEGER NOT NULL,
  repeated INTEGER NOT NULL,
  torn     INTEGER NOT NULL,
  strange  INTEGER NOT NULL,
  taken_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
