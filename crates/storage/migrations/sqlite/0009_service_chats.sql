-- Service conversations.

-- Chats of which something is known. `listed`: more than that something was kept out.
CREATE TABLE service_chats (
    id      TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    listed  INTEGER NOT NULL,
    v       INTEGER NOT NULL,
    doc     TEXT NOT NULL
) STRICT;
CREATE INDEX service_chats_listed ON service_chats (listed, id);

-- LIDs, and the numbers that the platform says belong to them.
CREATE TABLE service_aliases (
    id   TEXT PRIMARY KEY NOT NULL,
    chat TEXT NOT NULL
) STRICT;

-- What limits count: first messages that were asked for, texts that went by themselves.
CREATE TABLE service_counts (
    id   TEXT PRIMARY KEY NOT NULL,
    chat TEXT NOT NULL,
    kind TEXT NOT NULL,
    at   INTEGER NOT NULL
) STRICT;
CREATE INDEX service_counts_by_kind ON service_counts (kind, at);
CREATE INDEX service_counts_by_chat ON service_counts (chat, kind, at);
CREATE INDEX service_counts_by_time ON service_counts (at);

-- The threads, as the user reads them.
CREATE TABLE service_said (
    id   TEXT PRIMARY KEY NOT NULL,
    chat TEXT NOT NULL,
    v    INTEGER NOT NULL,
    doc  TEXT NOT NULL
) STRICT;
CREATE INDEX service_said_by_chat ON service_said (chat, id);
