-- The truth is one append-only table of events; everything below it is derived from them and can be rebuilt.
-- A derived row is kept whole as JSON (`row`), beside the columns by which it is looked up, ordered or counted.
-- Times are microseconds since 1970 in UTC, offsets seconds east of it. Text is compared byte by byte, as everywhere else; U+0000, which
-- PostgreSQL cannot hold, is written as two U+0001, and U+0001 as U+0001 U+0002. Places are given by the writer, who is alone: a sequence
-- would give them before the commit, and who follows the log would miss those that commit later.

CREATE TABLE migrations (
  version integer NOT NULL PRIMARY KEY,
  digest  text    NOT NULL
);

CREATE TABLE events (
  seq             bigint NOT NULL PRIMARY KEY,
  id              uuid   NOT NULL UNIQUE,
  subject_kind    text   COLLATE "C" NOT NULL,
  subject         uuid,
  at_us           bigint NOT NULL,
  at_offset       bigint NOT NULL,
  boot            uuid,
  boot_us         bigint,
  recorded_us     bigint NOT NULL,
  recorded_offset bigint NOT NULL,
  owner           text   COLLATE "C" NOT NULL,
  evidence        text   COLLATE "C" NOT NULL,
  revision        bigint NOT NULL,
  kind            text   COLLATE "C" NOT NULL,
  body            text   COLLATE "C" NOT NULL,
  payload         text   COLLATE "C"
);
CREATE INDEX events_by_subject ON events (subject, seq);
-- The few events that files for people are made from, among the many of agents.
CREATE INDEX events_of_people ON events (seq) WHERE subject_kind <> 'conversation';

CREATE FUNCTION events_are_for_ever() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'events are never edited or deleted'; END $$;
CREATE TRIGGER events_are_never_edited BEFORE UPDATE OR DELETE OR TRUNCATE ON events
FOR EACH STATEMENT EXECUTE FUNCTION events_are_for_ever();

CREATE TABLE projects (
  key         uuid NOT NULL PRIMARY KEY,
  name        text COLLATE "C" NOT NULL,
  place       text COLLATE "C" NOT NULL,
  root_commit text COLLATE "C",
  row         text COLLATE "C" NOT NULL
);
CREATE INDEX projects_by_place ON projects USING hash (place);

CREATE TABLE sessions (
  key                  uuid    NOT NULL PRIMARY KEY,
  id                   text    COLLATE "C" NOT NULL UNIQUE,
  project              uuid,
  number               bigint,
  prefix               text    COLLATE "C" NOT NULL,
  status               text    COLLATE "C" NOT NULL,
  owner                text    COLLATE "C" NOT NULL,
  agent                text    COLLATE "C",
  worktree             text    COLLATE "C",
  started_us           bigint  NOT NULL,
  current_us           bigint,
  day                  text    COLLATE "C" NOT NULL,
  duration_us          bigint,
  is_empty             boolean NOT NULL,
  -- When the last change was recorded: a session that goes silent is noticed.
  touched_us           bigint  NOT NULL,
  wants_survey         boolean NOT NULL,
  -- Whether another script keeps it.
  is_kept_elsewhere    boolean NOT NULL,
  work_items           bigint  NOT NULL,
  completed_work_items bigint  NOT NULL,
  row                  text    COLLATE "C" NOT NULL
);
CREATE INDEX sessions_newest ON sessions (started_us, key);
CREATE INDEX sessions_newest_of_project ON sessions (project, started_us, key);
CREATE INDEX sessions_last_made_current ON sessions (current_us, key);
CREATE UNIQUE INDEX sessions_by_number ON sessions (project, number);
CREATE INDEX sessions_going_on ON sessions (touched_us) WHERE status = 'ACTIVE';
CREATE INDEX sessions_to_survey ON sessions (touched_us) WHERE wants_survey;

CREATE TABLE session_tags (
  tag     text COLLATE "C" NOT NULL,
  session uuid NOT NULL,
  PRIMARY KEY (session, tag)
);

CREATE TABLE work_items (
  key      uuid   NOT NULL PRIMARY KEY,
  id       text   COLLATE "C" NOT NULL UNIQUE,
  session  uuid   NOT NULL,
  position bigint NOT NULL,
  row      text   COLLATE "C" NOT NULL
);
CREATE INDEX work_items_of_session ON work_items (session, position, key);

CREATE TABLE entries (
  key      uuid   NOT NULL PRIMARY KEY,
  id       text   COLLATE "C" NOT NULL UNIQUE,
  session  uuid   NOT NULL,
  position bigint NOT NULL,
  row      text   COLLATE "C" NOT NULL
);
CREATE INDEX entries_of_session ON entries (session, position, key);

CREATE TABLE footprints (
  session uuid NOT NULL PRIMARY KEY,
  row     text COLLATE "C" NOT NULL
);

CREATE TABLE conversations (
  key     uuid   NOT NULL PRIMARY KEY,
  agent   text   COLLATE "C" NOT NULL,
  id      text   COLLATE "C" NOT NULL,
  last_us bigint NOT NULL,
  row     text   COLLATE "C" NOT NULL
);
CREATE INDEX conversations_by_id ON conversations USING hash (id);
CREATE INDEX conversations_newest ON conversations (last_us, key);

-- Which conversations belong, or belonged, to a session.
CREATE TABLE session_conversations (
  session      uuid NOT NULL,
  conversation uuid NOT NULL,
  PRIMARY KEY (session, conversation)
);
CREATE INDEX session_conversations_of_conversation ON session_conversations (conversation);

-- Which processes run, or ran, a conversation.
CREATE TABLE runs (
  pid          bigint  NOT NULL,
  started      bigint  NOT NULL,
  boot         uuid    NOT NULL,
  namespace    bigint  NOT NULL,
  conversation uuid    NOT NULL,
  is_open      boolean NOT NULL,
  PRIMARY KEY (pid, started, boot, namespace, conversation)
);
CREATE INDEX runs_open ON runs (conversation) WHERE is_open;

CREATE TABLE turns (
  key          uuid NOT NULL PRIMARY KEY,
  conversation uuid NOT NULL,
  row          text COLLATE "C" NOT NULL
);
CREATE INDEX turns_of_conversation ON turns (conversation);

CREATE TABLE tool_calls (
  key          uuid NOT NULL PRIMARY KEY,
  conversation uuid NOT NULL,
  row          text COLLATE "C" NOT NULL
);
CREATE INDEX tool_calls_of_conversation ON tool_calls (conversation);

CREATE TABLE transitions (
  event   uuid   NOT NULL PRIMARY KEY,
  project uuid   NOT NULL,
  seq     bigint NOT NULL,
  new     text   COLLATE "C" NOT NULL,
  session uuid,
  row     text   COLLATE "C" NOT NULL
);
CREATE INDEX transitions_in_order ON transitions (project, seq);
CREATE INDEX transitions_by_new ON transitions USING hash (new);
CREATE INDEX transitions_of_session ON transitions (session) WHERE session IS NOT NULL;

-- `scope` is `project`, `version:<name>` or `worktree:<directory>`. Here and below, keys are made of digests where a directory's name may be
-- longer than an index takes.
CREATE TABLE heads (
  project       uuid NOT NULL,
  scope         text COLLATE "C" NOT NULL,
  agent         text COLLATE "C" NOT NULL,
  agent_session text COLLATE "C" NOT NULL,
  row           text COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX heads_by_scope ON heads (project, md5(scope));

-- Events that came before what they are about.
CREATE TABLE waiting (
  awaits_kind text   COLLATE "C" NOT NULL,
  awaits      uuid   NOT NULL,
  event       bigint NOT NULL,
  PRIMARY KEY (awaits, awaits_kind, event)
);

-- How far each mirror has been written. Not derived: it says what is on that machine's disk.
CREATE TABLE mirrors (
  machine      text   COLLATE "C" NOT NULL,
  root         text   COLLATE "C" NOT NULL,
  seq          bigint NOT NULL,
  log_length   bigint NOT NULL,
  directory_ns bigint
);
CREATE UNIQUE INDEX mirrors_by_root ON mirrors (machine, md5(root));

-- How far each segment of an inbox was taken in. Not derived: it is moved in the transaction that stores the events.
CREATE TABLE inbox (
  segment  text   COLLATE "C" NOT NULL PRIMARY KEY,
  place    bigint NOT NULL,
  mark     bigint NOT NULL,
  events   bigint NOT NULL,
  repeated bigint NOT NULL,
  torn     bigint NOT NULL,
  strange  bigint NOT NULL,
  taken_us bigint NOT NULL
);

-- What was read from transcripts, kept because agents delete them. No events: what is read again replaces it.
CREATE TABLE transcripts (
  path   text   COLLATE "C" NOT NULL,
  born   bigint NOT NULL, -- when it was read from its beginning on, in microseconds since 1970
  part   bigint NOT NULL,
  agent  text   COLLATE "C" NOT NULL,
  format bigint NOT NULL,
  usage  bytea  NOT NULL,
  rest   bytea  NOT NULL
);
CREATE UNIQUE INDEX transcripts_by_path ON transcripts (md5(path), born, part);
