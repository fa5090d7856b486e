-- The outcome of a job's last run that ended. Apart from jobs, and written only when it differs from the one before: a
-- recurring job that always succeeds costs one write in its life (docs/adr/0017-last-status.md).
CREATE TABLE last_statuses (
    job_id BIGINT PRIMARY KEY,
    last_status VARCHAR(20) NOT NULL CHECK (last_status IN ('COMPLETED', 'FAILED', 'TIMEOUT', 'CANCELLED'))
) WITH (fillfactor = 80);  -- room for the next outcome on the same page: it then writes no index

-- What hangs on a row of jobs goes with it, as before.
CREATE OR REPLACE FUNCTION forget_gone_jobs() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM public.listed_jobs l USING gone WHERE l.created_at = gone.created_at AND l.job_id = gone.job_id;
    DELETE FROM public.job_versions v USING gone WHERE v.job_id = gone.job_id;
    DELETE FROM public.last_statuses s USING gone WHERE s.job_id = gone.job_id;
    RETURN NULL;
END $$;

GRANT SELECT, INSERT, UPDATE ON last_statuses TO foliot_api, foliot_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON last_statuses TO foliot_scheduler;
