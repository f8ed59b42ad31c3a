-- What chat platforms bring and are owed: see `migrations/sqlite/0006_chats.sql`.

-- Messages that were taken: each is taken once.
CREATE TABLE deliveries (
    platform TEXT COLLATE "C" NOT NULL,
    account  TEXT COLLATE "C" NOT NULL,
    id       TEXT COLLATE "C" NOT NULL,
    at       BIGINT NOT NULL,
    PRIMARY KEY (platform, account, id)
);
CREATE INDEX deliveries_by_time ON deliveries (at);

-- `id` is the key of the conversation.
CREATE TABLE conversations (
    id      TEXT COLLATE "C" PRIMARY KEY,
    version BIGINT NOT NULL,
    v       BIGINT NOT NULL,
    doc     TEXT NOT NULL
);

-- Runs whose end is still to be told in a chat. `id` is that of the run.
CREATE TABLE chat_runs (
    id         TEXT COLLATE "C" PRIMARY KEY REFERENCES runs (id),
    session_id TEXT COLLATE "C" NOT NULL,
    v          BIGINT NOT NULL,
    doc        TEXT NOT NULL
);
CREATE INDEX chat_runs_by_session ON chat_runs (session_id, id);

CREATE TABLE cards (
    id          TEXT COLLATE "C" PRIMARY KEY,
    version     BIGINT NOT NULL,
    approval_id TEXT COLLATE "C" NOT NULL REFERENCES approvals (id),
    run_id      TEXT COLLATE "C" NOT NULL,
    address     TEXT COLLATE "C" NOT NULL,
    v           BIGINT NOT NULL,
    doc         TEXT NOT NULL
);
CREATE INDEX cards_by_address ON cards (address, approval_id);
CREATE INDEX cards_by_approval ON cards (approval_id);
CREATE INDEX cards_by_run ON cards (run_id, id);

-- Who is on no list and asked to be heard. `paired`: somebody let them in.
CREATE TABLE pairings (
    id       TEXT COLLATE "C" PRIMARY KEY,
    platform TEXT COLLATE "C" NOT NULL,
    person   TEXT COLLATE "C" NOT NULL,
    paired   BIGINT NOT NULL,
    v        BIGINT NOT NULL,
    doc      TEXT NOT NULL,
    UNIQUE (platform, person)
);

-- Sessions in which nobody is asked for a while. `id` is that of the session.
CREATE TABLE unasked (
    id  TEXT COLLATE "C" PRIMARY KEY,
    v   BIGINT NOT NULL,
    doc TEXT NOT NULL
);
