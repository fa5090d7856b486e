-- Whose a job is, as one number (the team, or minus the user of a job without a team): one index serves both kinds of owner.
DROP INDEX idx_jobs_user_id, idx_jobs_team_id;
CREATE INDEX idx_jobs_owner ON jobs (COALESCE(team_id, -user_id), created_at DESC, job_id DESC) WHERE deleted_at IS NULL;

-- What retention removes: one-time jobs that have ended. An armed job is not in it.
CREATE INDEX idx_jobs_finished ON jobs (GREATEST(updated_at, last_run_time))
    WHERE status IN ('COMPLETED', 'FAILED', 'CANCELLED') AND (schedule IS NULL OR schedule = 'immediate' OR schedule ~ '^\d{4}-');

CREATE INDEX idx_dead_letters_dead_at ON dead_letters (dead_at);
CREATE INDEX idx_dead_letters_owner ON dead_letters (COALESCE(team_id, -user_id), dead_at DESC, execution_id DESC)
    WHERE closed_at IS NULL;
CREATE INDEX idx_audit_logs_team_id ON audit_logs (team_id, audit_id DESC) WHERE team_id IS NOT NULL;

GRANT DELETE ON leader_terms TO foliot_scheduler;

-- The months of parent that lie before the floor, detached ones that wait to be dropped included.
CREATE FUNCTION closed_months(parent TEXT, before TIMESTAMPTZ) RETURNS TABLE (month TEXT, attached BOOL, detaching BOOL)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT c.relname::text, i.inhrelid IS NOT NULL, COALESCE(i.inhdetachpending, false)
    FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
    WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname ~ ('^' || parent || '_\d{4}_\d{2}$')
      AND c.relname < parent || to_char(before AT TIME ZONE 'UTC', '_YYYY_MM')
    ORDER BY 1
$$;

-- Whether a closed month of executions still holds open work; it is not dropped before that has ended.
CREATE FUNCTION month_is_open(month TEXT) RETURNS BOOL
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    answer BOOL;
BEGIN
    IF month !~ '^executions_\d{4}_\d{2}$' THEN
        RAISE EXCEPTION 'no month %', month;
    END IF;
    EXECUTE format('SELECT EXISTS (SELECT FROM public.%I WHERE end_time IS NULL)', month) INTO answer;
    RETURN answer;
END $$;
