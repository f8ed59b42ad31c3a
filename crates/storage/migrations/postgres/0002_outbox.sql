-- What left the house, or may have: a row for each destination, written in the commit that uses the
-- grant up. The limit per hour counts these rows, so a restart does not reset it.
CREATE TABLE outbox (
    grant_id    TEXT COLLATE "C" NOT NULL,
    destination TEXT COLLATE "C" NOT NULL,
    call_id     TEXT COLLATE "C" NOT NULL,
    at          BIGINT NOT NULL,
    PRIMARY KEY (grant_id, destination)
);
CREATE INDEX outbox_by_destination ON outbox (destination, at);
CREATE INDEX outbox_by_call ON outbox (call_id);
CREATE INDEX outbox_by_time ON outbox (at);
