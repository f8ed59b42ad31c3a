-- Who works on the store, and what each node holds.

CREATE TABLE nodes (
    id   TEXT COLLATE "C" PRIMARY KEY,
    beat BIGINT NOT NULL,
    v    BIGINT NOT NULL,
    doc  TEXT NOT NULL
);

CREATE TABLE leases (
    name   TEXT COLLATE "C" PRIMARY KEY,
    holder TEXT COLLATE "C" NOT NULL REFERENCES nodes (id)
);
CREATE INDEX leases_by_holder ON leases (holder);
