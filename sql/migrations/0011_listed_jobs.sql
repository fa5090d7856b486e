-- What lists of jobs walk. Apart from jobs, whose rows move on with every tick and write an entry into each index of
-- theirs then: the two indexes that only lists asked were a third of what planning costs (docs/adr/0014-listed-jobs.md).
CREATE TABLE listed_jobs (
    created_at TIMESTAMPTZ NOT NULL,
    job_id BIGINT NOT NULL,
    owner BIGINT NOT NULL  -- the team, or minus the user of a job without a team
);

-- Most rows before the lock on jobs, so that nothing waits for them; those that came meanwhile under it.
INSERT INTO listed_jobs (created_at, job_id, owner)
SELECT created_at, job_id, COALESCE(team_id, -user_id) FROM jobs WHERE deleted_at IS NULL;
ALTER TABLE listed_jobs ADD PRIMARY KEY (created_at, job_id);
CREATE INDEX idx_listed_jobs_owner ON listed_jobs (owner, created_at, job_id);

-- A row of jobs is listed by whatever statement makes it, also one of the release before this.
CREATE FUNCTION list_new_jobs() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.listed_jobs (created_at, job_id, owner)
    SELECT created_at, job_id, COALESCE(team_id, -user_id) FROM made;
    RETURN NULL;
END $$;
CREATE TRIGGER jobs_made AFTER INSERT ON jobs
    REFERENCING NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION list_new_jobs();

-- What hangs on a row of jobs goes with it. A foreign key would do so too, but it locks the job for each version that is
-- written and looks at each row that the planner moves on.
CREATE FUNCTION forget_gone_jobs() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM public.listed_jobs l USING gone WHERE l.created_at = gone.created_at AND l.job_id = gone.job_id;
    DELETE FROM public.job_versions v USING gone WHERE v.job_id = gone.job_id;
    RETURN NULL;
END $$;
CREATE TRIGGER jobs_gone AFTER DELETE ON jobs
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION forget_gone_jobs();

INSERT INTO listed_jobs (created_at, job_id, owner)
SELECT created_at, job_id, COALESCE(team_id, -user_id) FROM jobs j
WHERE deleted_at IS NULL
  AND NOT EXISTS (SELECT FROM listed_jobs l WHERE l.created_at = j.created_at AND l.job_id = j.job_id);

DROP INDEX idx_jobs_created_at, idx_jobs_owner;
ALTER TABLE job_versions DROP CONSTRAINT job_versions_job_id_fkey;

GRANT SELECT, INSERT, DELETE ON listed_jobs TO foliot_api;
GRANT SELECT, DELETE ON listed_jobs TO foliot_scheduler;
