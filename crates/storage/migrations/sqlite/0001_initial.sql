-- Every record is a JSON document (`doc`, of format `v`) beside the columns that are searched and
-- sorted by. Ids are UUIDv7 behind a prefix, so ordering by id is ordering by age. Times are
-- milliseconds since 1970. Tables without a document are wholly described by this schema and its
-- version.

CREATE TABLE sessions (
    id  TEXT PRIMARY KEY NOT NULL,
    v   INTEGER NOT NULL,
    doc TEXT NOT NULL
) STRICT;

CREATE TABLE runs (
    id           TEXT PRIMARY KEY NOT NULL,
    version      INTEGER NOT NULL,
    session_id   TEXT NOT NULL REFERENCES sessions (id),
    requested_by TEXT NOT NULL,
    status       TEXT NOT NULL,
    finished     INTEGER NOT NULL,
    v            INTEGER NOT NULL,
    doc          TEXT NOT NULL
) STRICT;
CREATE INDEX runs_by_session ON runs (session_id, id);
CREATE INDEX runs_by_status ON runs (status, id);
CREATE INDEX runs_by_requester ON runs (requested_by, id);
-- `finished` leads although it is constant here: it lets the planner search, not scan.
CREATE INDEX runs_unfinished ON runs (finished, id) WHERE finished = 0;
CREATE INDEX runs_unfinished_by_session ON runs (session_id, id) WHERE finished = 0;

CREATE TABLE entries (
    session_id TEXT NOT NULL,
    run_id     TEXT NOT NULL REFERENCES runs (id),
    position   INTEGER NOT NULL,
    v          INTEGER NOT NULL,
    doc        TEXT NOT NULL,
    PRIMARY KEY (run_id, position)
) STRICT;
CREATE INDEX entries_by_session ON entries (session_id, run_id, position);

CREATE TABLE calls (
    id      TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    run_id  TEXT NOT NULL REFERENCES runs (id),
    entry   INTEGER NOT NULL,
    place   INTEGER NOT NULL,
    v       INTEGER NOT NULL,
    doc     TEXT NOT NULL,
    UNIQUE (run_id, entry, place)
) STRICT;

CREATE TABLE approvals (
    id         TEXT PRIMARY KEY NOT NULL,
    version    INTEGER NOT NULL,
    run_id     TEXT NOT NULL REFERENCES runs (id),
    session_id TEXT NOT NULL,
    kind       TEXT NOT NULL,
    status     TEXT NOT NULL,
    deadline   INTEGER,
    v          INTEGER NOT NULL,
    doc        TEXT NOT NULL
) STRICT;
CREATE INDEX approvals_by_run ON approvals (run_id, id);
CREATE INDEX approvals_by_session ON approvals (session_id, id);
CREATE INDEX approvals_by_kind ON approvals (kind, id);
CREATE INDEX approvals_by_status ON approvals (status, id);
CREATE INDEX approvals_by_deadline ON approvals (deadline, id) WHERE deadline IS NOT NULL;

-- Counting 10,000 index entries on every new approval would cost more than the rest of it.
CREATE TABLE tallies (
    name   TEXT PRIMARY KEY NOT NULL,
    amount INTEGER NOT NULL
) STRICT;
INSERT INTO tallies (name, amount) VALUES ('approvals_pending', 0);
CREATE TRIGGER approvals_pending_opened AFTER INSERT ON approvals
WHEN NEW.status = 'pending'
BEGIN
    UPDATE tallies SET amount = amount + 1 WHERE name = 'approvals_pending';
END;
CREATE TRIGGER approvals_pending_changed AFTER UPDATE OF status ON approvals
WHEN (OLD.status = 'pending') <> (NEW.status = 'pending')
BEGIN
    UPDATE tallies SET amount = amount + (NEW.status = 'pending') - (OLD.status = 'pending')
    WHERE name = 'approvals_pending';
END;
CREATE TRIGGER approvals_pending_removed AFTER DELETE ON approvals
WHEN OLD.status = 'pending'
BEGIN
    UPDATE tallies SET amount = amount - 1 WHERE name = 'approvals_pending';
END;

CREATE TABLE rules (
    id         TEXT PRIMARY KEY NOT NULL,
    -- The session in which it holds, or `everywhere`.
    holds_in   TEXT NOT NULL,
    expires_at INTEGER,
    v          INTEGER NOT NULL,
    doc        TEXT NOT NULL
) STRICT;
CREATE INDEX rules_by_place ON rules (holds_in, id);

CREATE TABLE events (
    global_seq  INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id      TEXT NOT NULL REFERENCES runs (id),
    seq         INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    is_approval INTEGER NOT NULL,
    v           INTEGER NOT NULL,
    doc         TEXT NOT NULL,
    UNIQUE (run_id, seq)
) STRICT;
CREATE INDEX events_of_approvals ON events (is_approval, global_seq) WHERE is_approval = 1;

CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    v   INTEGER NOT NULL,
    doc TEXT NOT NULL
) STRICT;

CREATE TABLE api_keys (
    id      TEXT PRIMARY KEY NOT NULL,
    name    TEXT NOT NULL,
    secret  TEXT NOT NULL UNIQUE,
    revoked INTEGER NOT NULL,
    v       INTEGER NOT NULL,
    doc     TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX api_keys_by_living_name ON api_keys (name) WHERE revoked = 0;

CREATE TABLE sign_in_links (
    token      TEXT PRIMARY KEY NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sign_in_links_by_end ON sign_in_links (expires_at);

CREATE TABLE web_sessions (
    id         TEXT PRIMARY KEY NOT NULL,
    token      TEXT NOT NULL UNIQUE,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX web_sessions_by_end ON web_sessions (expires_at);

CREATE TABLE answers (
    caller     TEXT NOT NULL,
    key        TEXT NOT NULL,
    request    TEXT NOT NULL,
    status     INTEGER NOT NULL,
    body       TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (caller, key)
) STRICT;
CREATE INDEX answers_by_end ON answers (expires_at);
