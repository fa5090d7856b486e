-- name: reserve_job_ids
-- The database's clock, and $1 new job_ids.
SELECT clock_timestamp() AS now, array(SELECT nextval('jobs_job_id_seq') FROM generate_series(1, $1::int)) AS job_ids

-- name: insert_created
-- New jobs with their first version and their audit row, and the wake-up of the scheduler on channel $2. $1: array of objects,
-- one a job, whose `definition` is stored three times: as columns, as the first version, and as what was audited.
WITH created AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset($1) AS c (
        job_id bigint, user_id bigint, team_id bigint, definition jsonb, spread_key text, next_run_time timestamptz, once boolean,
        created_at timestamptz, request_id text, traceparent text, ip_address inet, user_agent text)),
inserted_jobs AS (
    INSERT INTO jobs (
        job_id, user_id, team_id, job_key, job_name, job_type, description, schedule, timezone, schedule_since, spread_key,
        next_run_time, payload, retry_policy, priority, timeout_seconds, overlap_policy, misfire_policy,
        misfire_grace_seconds, misfire_limit, dst_gap, dst_overlap, start_at, end_at, max_runs, jitter_seconds, labels, queue,
        request_id, traceparent, created_at, updated_at)
    SELECT c.job_id, c.user_id, c.team_id, d.job_key, d.job_name, d.job_type, d.description, d.schedule, d.timezone,
        c.created_at, c.spread_key, c.next_run_time, d.payload, d.retry_policy, d.priority, d.timeout_seconds,
        d.overlap_policy, d.misfire_policy, d.misfire_grace_seconds, d.misfire_limit, d.dst_gap, d.dst_overlap, d.start_at,
        d.end_at, d.max_runs, d.jitter_seconds, d.labels, d.queue, CASE WHEN c.once THEN c.request_id END,
        CASE WHEN c.once THEN c.traceparent END, c.created_at, c.created_at
    FROM created c, jsonb_populate_record(NULL::jobs, c.definition) d),
inserted_versions AS (
    INSERT INTO job_versions (job_id, valid_from, version, status, definition)
    SELECT job_id, created_at, 1, 'PENDING', definition FROM created),
inserted_audits AS (
    INSERT INTO audit_logs (user_id, team_id, action, resource_type, resource_id, new_value, ip_address, user_agent, request_id)
    SELECT user_id, team_id, 'CREATE_JOB', 'JOB', job_id, definition, ip_address, user_agent, request_id FROM created)
SELECT pg_notify($2, '')
