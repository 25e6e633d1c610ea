-- Identifiers are UUIDs in text form; times are milliseconds since the Unix epoch.
CREATE TABLE users (
    id            TEXT PRIMARY KEY,
    username      TEXT NOT NULL UNIQUE,
    display_name  TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_at    INTEGER NOT NULL
) STRICT;

-- One signed-in installation of a client: the family that its refresh tokens belong to.
CREATE TABLE devices (
    id         TEXT PRIMARY KEY,
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name       TEXT,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;

-- Only the hash of a token is kept: who reads this table cannot sign in.
CREATE TABLE refresh_tokens (
    hash       BLOB PRIMARY KEY,
    device_id  TEXT NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL,
    spent_at   INTEGER
) STRICT;
CREATE INDEX refresh_tokens_of_device ON refresh_tokens (device_id);

CREATE TABLE calls (
    id            TEXT PRIMARY KEY,
    caller_id     TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    callee_id     TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    caller_device TEXT NOT NULL,
    callee_device TEXT,
    status        TEXT NOT NULL,
    version       INTEGER NOT NULL,
    end_reason    TEXT,
    created_at    INTEGER NOT NULL,
    ring_until    INTEGER NOT NULL,
    accepted_at   INTEGER,
    ended_at      INTEGER
) STRICT;
CREATE INDEX calls_of_caller ON calls (caller_id, id);
CREATE INDEX calls_of_callee ON calls (callee_id, id);
CREATE INDEX live_calls ON calls (status) WHERE status <> 'ended';
-- Two people share at most one live call: glare and double calls meet here, whatever the timing.
CREATE UNIQUE INDEX one_live_call_a_pair
    ON calls (min(caller_id, callee_id), max(caller_id, callee_id)) WHERE status <> 'ended';
