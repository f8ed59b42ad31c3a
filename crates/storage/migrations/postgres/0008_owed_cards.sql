-- Cards that the approvers' channel is owed, by their approval.

CREATE TABLE owed_cards (
    id     TEXT COLLATE "C" PRIMARY KEY REFERENCES approvals (id),
    run_id TEXT COLLATE "C" NOT NULL,
    v      BIGINT NOT NULL,
    doc    TEXT NOT NULL
);
CREATE INDEX owed_cards_by_run ON owed_cards (run_id);
