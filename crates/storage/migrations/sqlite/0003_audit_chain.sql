-- The audit log becomes a hash chain. `doc` is the canonical text of a line, `hash` its SHA-256; the
-- other columns repeat what is searched by, and are held against `doc` when the log is verified.
-- The lines made before are put into the chain right after this file, see `sqlite/chaining.rs`.

ALTER TABLE audit RENAME TO audit_unchained;

CREATE TABLE audit (
    seq     INTEGER PRIMARY KEY,
    hash    BLOB NOT NULL,
    at      INTEGER NOT NULL,
    kind    TEXT NOT NULL,
    actor   TEXT NOT NULL,
    subject TEXT NOT NULL,
    v       INTEGER NOT NULL,
    doc     TEXT NOT NULL
) STRICT;
-- Each holds what lines are also filtered by, so that no line is read to be left out. There is none
-- by actor or time alone: reading through the one by kind answers these quickly enough, and every
-- further index would be paid for by every decision.
CREATE INDEX audit_by_subject ON audit (subject, seq, kind, actor, at);
CREATE INDEX audit_by_kind ON audit (kind, seq, actor, at);
