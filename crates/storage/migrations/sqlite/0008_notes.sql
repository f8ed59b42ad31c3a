-- What adapters of chat platforms remember, the same for all nodes.

CREATE TABLE notes (
    id  TEXT PRIMARY KEY,
    v   INTEGER NOT NULL,
    doc TEXT NOT NULL
) STRICT, WITHOUT ROWID;
