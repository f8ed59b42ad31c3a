-- Grants that were issued. The token itself is nowhere: it follows from what was decided. A row is
-- what makes a grant good for one use; without one, or with an end in it, the grant is good for
-- none.
CREATE TABLE grants (
    id          TEXT PRIMARY KEY NOT NULL,
    approval_id TEXT,
    expires_at  INTEGER NOT NULL,
    used_at     INTEGER,
    revoked_at  INTEGER
) STRICT;
CREATE INDEX grants_by_end ON grants (expires_at);
