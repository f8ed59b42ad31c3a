-- What chat platforms bring and are owed.

-- Messages that were taken: each is taken once.
CREATE TABLE deliveries (
    platform TEXT NOT NULL,
    account  TEXT NOT NULL,
    id       TEXT NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (platform, account, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_by_time ON deliveries (at);

-- `id` is the key of the conversation.
CREATE TABLE conversations (
    id      TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    v       INTEGER NOT NULL,
    doc     TEXT NOT NULL
) STRICT;

-- Runs whose end is still to be told in a chat. `id` is that of the run.
CREATE TABLE chat_runs (
    id         TEXT PRIMARY KEY NOT NULL REFERENCES runs (id),
    session_id TEXT NOT NULL,
    v          INTEGER NOT NULL,
    doc        TEXT NOT NULL
) STRICT;
CREATE INDEX chat_runs_by_session ON chat_runs (session_id, id);

CREATE TABLE cards (
    id          TEXT PRIMARY KEY NOT NULL,
    version     INTEGER NOT NULL,
    approval_id TEXT NOT NULL REFERENCES approvals (id),
    run_id      TEXT NOT NULL,
    address     TEXT NOT NULL,
    v           INTEGER NOT NULL,
    doc         TEXT NOT NULL
) STRICT;
CREATE INDEX cards_by_address ON cards (address, approval_id);
CREATE INDEX cards_by_approval ON cards (approval_id);
CREATE INDEX cards_by_run ON cards (run_id, id);

-- Who is on no list and asked to be heard. `paired`: somebody let them in.
CREATE TABLE pairings (
    id       TEXT PRIMARY KEY NOT NULL,
    platform TEXT NOT NULL,
    person   TEXT NOT NULL,
    paired   INTEGER NOT NULL,
    v        INTEGER NOT NULL,
    doc      TEXT NOT NULL,
    UNIQUE (platform, person)
) STRICT;

-- Sessions in which nobody is asked for a while. `id` is that of the session.
CREATE TABLE unasked (
    id  TEXT PRIMARY KEY NOT NULL,
    v   INTEGER NOT NULL,
    doc TEXT NOT NULL
) STRICT;
