-- Keys: audit rows name the key that made a change, keys show when they were used last, and a team exists once somebody made
-- it.
ALTER TABLE audit_logs ADD COLUMN key_id BIGINT;    -- null: Foliot itself, or a change from before this migration

ALTER TABLE api_keys ADD COLUMN last_used_at TIMESTAMPTZ;   -- to the minute
ALTER TABLE api_keys DROP CONSTRAINT api_keys_role_check;
ALTER TABLE api_keys ADD CONSTRAINT api_keys_role_check CHECK (role IN ('viewer', 'runner', 'operator', 'admin'));

CREATE TABLE teams (
    team_id BIGINT PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
INSERT INTO teams (team_id)
SELECT team_id FROM api_keys WHERE team_id IS NOT NULL UNION SELECT team_id FROM jobs WHERE team_id IS NOT NULL;
GRANT SELECT, INSERT ON teams TO foliot_api;
