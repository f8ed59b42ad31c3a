-- The tables of the embedded store, as its newest schema has them: see `migrations/sqlite`. Ids and
-- whatever is sorted are compared byte by byte (`COLLATE "C"`). Documents are text, not `jsonb`:
-- what is stored is what was written, and JSON may hold characters that `jsonb` refuses. Truth is 0
-- or 1, so that both stores share their statements.

CREATE TABLE sessions (
    id  TEXT COLLATE "C" PRIMARY KEY,
    v   BIGINT NOT NULL,
    doc TEXT NOT NULL
);

CREATE TABLE runs (
    id           TEXT COLLATE "C" PRIMARY KEY,
    version      BIGINT NOT NULL,
    session_id   TEXT COLLATE "C" NOT NULL REFERENCES sessions (id),
    requested_by TEXT COLLATE "C" NOT NULL,
    status       TEXT COLLATE "C" NOT NULL,
    finished     BIGINT NOT NULL,
    v            BIGINT NOT NULL,
    doc          TEXT NOT NULL
);
CREATE INDEX runs_by_session ON runs (session_id, id);
CREATE INDEX runs_by_status ON runs (status, id);
CREATE INDEX runs_by_requester ON runs (requested_by, id);
CREATE INDEX runs_unfinished ON runs (id) WHERE finished = 0;
CREATE INDEX runs_unfinished_by_session ON runs (session_id, id) WHERE finished = 0;

CREATE TABLE entries (
    session_id TEXT COLLATE "C" NOT NULL,
    run_id     TEXT COLLATE "C" NOT NULL REFERENCES runs (id),
    position   BIGINT NOT NULL,
    v          BIGINT NOT NULL,
    doc        TEXT NOT NULL,
    PRIMARY KEY (run_id, position)
);
CREATE INDEX entries_by_session ON entries (session_id, run_id, position);

CREATE TABLE calls (
    id      TEXT COLLATE "C" PRIMARY KEY,
    version BIGINT NOT NULL,
    run_id  TEXT COLLATE "C" NOT NULL REFERENCES runs (id),
    entry   BIGINT NOT NULL,
    place   BIGINT NOT NULL,
    v       BIGINT NOT NULL,
    doc     TEXT NOT NULL,
    UNIQUE (run_id, entry, place)
);

CREATE TABLE approvals (
    id         TEXT COLLATE "C" PRIMARY KEY,
    version    BIGINT NOT NULL,
    run_id     TEXT COLLATE "C" NOT NULL REFERENCES runs (id),
    session_id TEXT COLLATE "C" NOT NULL,
    kind       TEXT COLLATE "C" NOT NULL,
    status     TEXT COLLATE "C" NOT NULL,
    deadline   BIGINT,
    v          BIGINT NOT NULL,
    doc        TEXT NOT NULL,
    digest     TEXT COLLATE "C"
);
CREATE INDEX approvals_by_run ON approvals (run_id, id);
CREATE INDEX approvals_by_session ON approvals (session_id, id);
CREATE INDEX approvals_by_kind ON approvals (kind, id);
CREATE INDEX approvals_by_status ON approvals (status, id);
CREATE INDEX approvals_by_deadline ON approvals (deadline, id) WHERE deadline IS NOT NULL;
CREATE INDEX approvals_pending_by_session ON approvals (session_id, digest, id)
    WHERE status = 'pending';

-- Counting 10,000 index entries on every new approval would cost more than the rest of it. Counted
-- a statement, not a row, so that adding many at once changes the tally once. Whoever writes holds
-- the lock of the audit log, so nobody ever waits here.
CREATE TABLE tallies (
    name   TEXT COLLATE "C" PRIMARY KEY,
    amount BIGINT NOT NULL
) WITH (fillfactor = 10);
INSERT INTO tallies (name, amount) VALUES ('approvals_pending', 0);

CREATE FUNCTION approvals_pending_opened() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    difference BIGINT;
BEGIN
    SELECT COUNT(*) INTO difference FROM added WHERE status = 'pending';
    IF difference <> 0 THEN
        UPDATE tallies SET amount = amount + difference WHERE name = 'approvals_pending';
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION approvals_pending_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    difference BIGINT;
BEGIN
    SELECT (SELECT COUNT(*) FROM added WHERE status = 'pending')
         - (SELECT COUNT(*) FROM removed WHERE status = 'pending') INTO difference;
    IF difference <> 0 THEN
        UPDATE tallies SET amount = amount + difference WHERE name = 'approvals_pending';
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION approvals_pending_removed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    difference BIGINT;
BEGIN
    SELECT COUNT(*) INTO difference FROM removed WHERE status = 'pending';
    IF difference <> 0 THEN
        UPDATE tallies SET amount = amount - difference WHERE name = 'approvals_pending';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER approvals_pending_opened AFTER INSERT ON approvals
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION approvals_pending_opened();
CREATE TRIGGER approvals_pending_changed AFTER UPDATE ON approvals
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION approvals_pending_changed();
CREATE TRIGGER approvals_pending_removed AFTER DELETE ON approvals
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION approvals_pending_removed();

CREATE TABLE rules (
    id         TEXT COLLATE "C" PRIMARY KEY,
    -- The session in which it holds, or `everywhere`.
    holds_in   TEXT COLLATE "C" NOT NULL,
    expires_at BIGINT,
    v          BIGINT NOT NULL,
    doc        TEXT NOT NULL
);
CREATE INDEX rules_by_place ON rules (holds_in, id);
CREATE INDEX rules_by_end ON rules (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE grants (
    id          TEXT COLLATE "C" PRIMARY KEY,
    approval_id TEXT COLLATE "C",
    expires_at  BIGINT NOT NULL,
    used_at     BIGINT,
    revoked_at  BIGINT
);
CREATE INDEX grants_by_end ON grants (expires_at);

-- Numbered while the writer holds the lock of the audit log: in the order of commits.
CREATE TABLE events (
    global_seq  BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    run_id      TEXT COLLATE "C" NOT NULL REFERENCES runs (id),
    seq         BIGINT NOT NULL,
    at          BIGINT NOT NULL,
    is_approval BIGINT NOT NULL,
    v           BIGINT NOT NULL,
    doc         TEXT NOT NULL,
    UNIQUE (run_id, seq)
);
CREATE INDEX events_of_approvals ON events (global_seq) WHERE is_approval = 1;

-- `doc` is the canonical text of a line, `hash` its SHA-256; the other columns repeat what is
-- searched by, and are held against `doc` when the log is verified.
CREATE TABLE audit (
    seq     BIGINT PRIMARY KEY,
    hash    BYTEA NOT NULL,
    at      BIGINT NOT NULL,
    kind    TEXT COLLATE "C" NOT NULL,
    actor   TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    v       BIGINT NOT NULL,
    doc     TEXT NOT NULL
);
CREATE INDEX audit_by_subject ON audit (subject, seq);
CREATE INDEX audit_by_kind ON audit (kind, seq);
CREATE INDEX audit_by_actor ON audit (actor, seq);
-- Times nearly follow the numbers, so ranges of pages are enough, and cost a commit nothing.
CREATE INDEX audit_by_time ON audit USING brin (at) WITH (pages_per_range = 16);

CREATE TABLE api_keys (
    id      TEXT COLLATE "C" PRIMARY KEY,
    name    TEXT COLLATE "C" NOT NULL,
    secret  TEXT COLLATE "C" NOT NULL UNIQUE,
    revoked BIGINT NOT NULL,
    v       BIGINT NOT NULL,
    doc     TEXT NOT NULL
);
CREATE UNIQUE INDEX api_keys_by_living_name ON api_keys (name) WHERE revoked = 0;

CREATE TABLE sign_in_links (
    token      TEXT COLLATE "C" PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sign_in_links_by_end ON sign_in_links (expires_at);

CREATE TABLE web_sessions (
    id         TEXT COLLATE "C" PRIMARY KEY,
    token      TEXT COLLATE "C" NOT NULL UNIQUE,
    expires_at BIGINT NOT NULL
);
CREATE INDEX web_sessions_by_end ON web_sessions (expires_at);

CREATE TABLE answers (
    caller     TEXT COLLATE "C" NOT NULL,
    key        TEXT COLLATE "C" NOT NULL,
    request    TEXT COLLATE "C" NOT NULL,
    status     BIGINT NOT NULL,
    body       TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (caller, key)
);
CREATE INDEX answers_by_end ON answers (expires_at);
