-- Which of its commits each writer made last: what a writer looks up whose connection broke while it
-- committed.

CREATE TABLE commits (
    writer TEXT COLLATE "C" PRIMARY KEY,
    number BIGINT NOT NULL,
    at     TIMESTAMPTZ NOT NULL DEFAULT now()
) WITH (fillfactor = 50);
