-- Checkpoints of running builds, for where there is no Redis. A file of its own: they last an hour, the store lasts for good.

CREATE TABLE checkpoints (
  build_id   TEXT    PRIMARY KEY,
  value      TEXT    NOT NULL, -- JSON, the same as in Redis
  expires_at INTEGER NOT NULL  -- microseconds since 1970
) STRICT, WITHOUT ROWID;

CREATE INDEX checkpoints_by_end ON checkpoints (expires_at);
