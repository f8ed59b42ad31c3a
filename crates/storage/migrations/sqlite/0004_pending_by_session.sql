-- Identical requests of a session are found by what they ask for, and what waits in a session is
-- counted; both only among what is pending.

ALTER TABLE approvals ADD COLUMN digest TEXT;
UPDATE approvals SET digest = json_extract(doc, '$.digest') WHERE status = 'pending';
CREATE INDEX approvals_pending_by_session ON approvals (session_id, digest, id)
    WHERE status = 'pending';
