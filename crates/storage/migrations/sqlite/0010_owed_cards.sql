-- Cards that the approvers' channel is owed, by their approval.

CREATE TABLE owed_cards (
    id     TEXT PRIMARY KEY NOT NULL REFERENCES approvals (id),
    run_id TEXT NOT NULL,
    v      INTEGER NOT NULL,
    doc    TEXT NOT NULL
) STRICT;
CREATE INDEX owed_cards_by_run ON owed_cards (run_id);
