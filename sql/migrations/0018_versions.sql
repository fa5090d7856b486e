-- Versions of jobs say who made them and go when their time has passed; a deleted job is found by the key that it had.
ALTER TABLE job_versions ADD COLUMN user_id BIGINT, ADD COLUMN key_id BIGINT;  -- null: from before this migration

-- For retention. A creation writes no entry: its version is in force.
CREATE INDEX idx_job_versions_valid_to ON job_versions (valid_to) WHERE valid_to IS NOT NULL;

CREATE INDEX idx_jobs_deleted_key ON jobs (COALESCE(team_id, -user_id), job_key, deleted_at)
    WHERE job_key IS NOT NULL AND deleted_at IS NOT NULL;
