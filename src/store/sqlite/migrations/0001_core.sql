-- One row: what is true of the whole database.
CREATE TABLE meta (
  id                 INTEGER PRIMARY KEY CHECK (id = 1),
  database_id        BLOB    NOT NULL CHECK (length(database_id) = 16),
  created_at         INTEGER NOT NULL,
  epoch              INTEGER NOT NULL CHECK (epoch >= 0),
  longest_access_ttl INTEGER NOT NULL CHECK (longest_access_ttl >= 0),
  seen_seq           INTEGER NOT NULL,
  last_time          INTEGER NOT NULL
) STRICT;

CREATE TABLE users (
  id            BLOB    PRIMARY KEY CHECK (length(id) = 16),
  email         TEXT    NOT NULL,
  email_key     TEXT    NOT NULL UNIQUE,
  password      TEXT,
  password_cost INTEGER,
  role          TEXT    NOT NULL,
  status        TEXT    NOT NULL CHECK (status IN ('active', 'disabled')),
  version       INTEGER NOT NULL CHECK (version >= 0),
  failures      INTEGER NOT NULL CHECK (failures >= 0),
  failed_at     INTEGER,
  created_at    INTEGER NOT NULL,
  signed_in_at  INTEGER,
  CHECK ((password IS NULL) = (password_cost IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX users_by_role ON users (role, status);
CREATE INDEX users_by_cost ON users (password_cost) WHERE password_cost IS NOT NULL;

-- A session outlives its user, so that its end can be explained: no foreign key.
CREATE TABLE sessions (
  id           BLOB    PRIMARY KEY CHECK (length(id) = 16),
  user_id      BLOB    NOT NULL CHECK (length(user_id) = 16),
  epoch        INTEGER NOT NULL,
  version      INTEGER NOT NULL,
  transport    TEXT    NOT NULL CHECK (transport IN ('cookie', 'body')),
  device       BLOB,
  generation   INTEGER NOT NULL CHECK (generation >= 0),
  chain_start  INTEGER NOT NULL CHECK (chain_start BETWEEN 0 AND generation),
  hash         BLOB    NOT NULL CHECK (length(hash) = 32),
  rotated_at   INTEGER NOT NULL,
  exp          INTEGER NOT NULL,
  end_at       INTEGER NOT NULL,
  created_at   INTEGER NOT NULL,
  auth_time    INTEGER NOT NULL,
  address      TEXT    NOT NULL,
  user_agent   TEXT    NOT NULL,
  by_device    INTEGER NOT NULL CHECK (by_device IN (0, 1)),
  recovered    INTEGER NOT NULL,
  recovery_run INTEGER NOT NULL,
  ended_at     INTEGER,
  ended_reason TEXT,
  CHECK ((ended_at IS NULL) = (ended_reason IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_user ON sessions (user_id, id);
CREATE INDEX sessions_by_end ON sessions (end_at);
CREATE INDEX sessions_ended ON sessions (ended_at) WHERE ended_at IS NOT NULL;

-- What raised a version or the epoch, and why: the reason of every session that it ended.
-- `user_id` is empty for the epoch.
CREATE TABLE raises (
  user_id BLOB    NOT NULL,
  version INTEGER NOT NULL,
  reason  TEXT    NOT NULL,
  at      INTEGER NOT NULL,
  PRIMARY KEY (user_id, version)
) STRICT, WITHOUT ROWID;

CREATE INDEX raises_by_time ON raises (at);

CREATE TABLE devices (
  user_id   BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  hash      BLOB    NOT NULL CHECK (length(hash) = 32),
  used_at   INTEGER NOT NULL,
  failures  INTEGER NOT NULL CHECK (failures >= 0),
  failed_at INTEGER,
  PRIMARY KEY (user_id, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE links (
  hash       BLOB    PRIMARY KEY CHECK (length(hash) = 32),
  kind       TEXT    NOT NULL,
  user_id    BLOB    REFERENCES users (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX links_by_user ON links (user_id);
CREATE INDEX links_by_expiry ON links (expires_at);

CREATE TABLE keys (
  kid        TEXT    PRIMARY KEY,
  purpose    TEXT    NOT NULL,
  algorithm  TEXT    NOT NULL,
  sealed     BLOB    NOT NULL,
  created_at INTEGER NOT NULL,
  retired_at INTEGER
) STRICT, WITHOUT ROWID;

-- What must be refused until its access tokens have run out.
CREATE TABLE revocations (
  seq    INTEGER PRIMARY KEY AUTOINCREMENT,
  what   TEXT    NOT NULL CHECK (what IN ('session', 'user', 'everyone')),
  target BLOB    NOT NULL,
  ver    INTEGER NOT NULL,
  until  INTEGER NOT NULL
) STRICT;

CREATE TABLE events (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  at         INTEGER NOT NULL,
  kind       TEXT    NOT NULL,
  user_id    BLOB,
  actor_id   BLOB,
  session_id BLOB,
  address    TEXT,
  user_agent TEXT,
  request_id TEXT,
  detail     TEXT,
  fold       BLOB,
  count      INTEGER NOT NULL CHECK (count >= 1)
) STRICT;

CREATE INDEX events_by_user ON events (user_id, id) WHERE user_id IS NOT NULL;
CREATE INDEX events_by_kind ON events (kind, id);
CREATE INDEX events_by_time ON events (at);
CREATE INDEX events_by_fold ON events (fold, id) WHERE fold IS NOT NULL;
