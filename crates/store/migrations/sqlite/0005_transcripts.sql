-- What was read from transcripts, kept because agents delete them. No events: what is read again replaces it.

CREATE TABLE transcripts (
  path   TEXT    NOT NULL,
  born   INTEGER NOT NULL, -- when it was read from its beginning on, in microseconds since 1970
  part   INTEGER NOT NULL,
  agent  TEXT    NOT NULL,
  format INTEGER NOT NULL,
  usage  BLOB    NOT NULL,
  rest   BLOB    NOT NULL,
  PRIMARY KEY (path, born, part)
) STRICT;
