-- Who works on the store, and what each node holds.

CREATE TABLE nodes (
    id   TEXT PRIMARY KEY,
    beat INTEGER NOT NULL,
    v    INTEGER NOT NULL,
    doc  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE leases (
    name   TEXT PRIMARY KEY,
    holder TEXT NOT NULL REFERENCES nodes (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX leases_by_holder ON leases (holder);
