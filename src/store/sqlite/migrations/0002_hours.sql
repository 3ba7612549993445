-- What is counted and not written down one by one, a row an hour; hours since the first of 1970.
CREATE TABLE hours (
  hour      INTEGER PRIMARY KEY,
  refreshes INTEGER NOT NULL CHECK (refreshes >= 0),
  -- How many sessions were alive when the hour was young; nothing where nobody looked.
  live      INTEGER CHECK (live >= 0)
) STRICT;

-- What `detail` says, in parts: JSON, a list of objects with a `code` each.
ALTER TABLE events ADD COLUMN facts TEXT;
