-- Service conversations. See `migrations/sqlite/0009_service_chats.sql`.

-- Chats of which something is known. `listed`: more than that something was kept out.
CREATE TABLE service_chats (
    id      TEXT COLLATE "C" PRIMARY KEY,
    version BIGINT NOT NULL,
    listed  BIGINT NOT NULL,
    v       BIGINT NOT NULL,
    doc     TEXT NOT NULL
);
CREATE INDEX service_chats_listed ON service_chats (listed, id);

-- LIDs, and the numbers that the platform says belong to them.
CREATE TABLE service_aliases (
    id   TEXT COLLATE "C" PRIMARY KEY,
    chat TEXT COLLATE "C" NOT NULL
);

-- What limits count: first messages that were asked for, texts that went by themselves.
CREATE TABLE service_counts (
    id   TEXT COLLATE "C" PRIMARY KEY,
    chat TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    at   BIGINT NOT NULL
);
CREATE INDEX service_counts_by_kind ON service_counts (kind, at);
CREATE INDEX service_counts_by_chat ON service_counts (chat, kind, at);
CREATE INDEX service_counts_by_time ON service_counts (at);

-- The threads, as the user reads them.
CREATE TABLE service_said (
    id   TEXT COLLATE "C" PRIMARY KEY,
    chat TEXT COLLATE "C" NOT NULL,
    v    BIGINT NOT NULL,
    doc  TEXT NOT NULL
);
CREATE INDEX service_said_by_chat ON service_said (chat, id);
