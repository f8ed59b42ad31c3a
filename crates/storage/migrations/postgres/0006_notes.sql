-- What adapters of chat platforms remember, the same for all nodes.

CREATE TABLE notes (
    id  TEXT COLLATE "C" PRIMARY KEY,
    v   BIGINT NOT NULL,
    doc TEXT NOT NULL
);
