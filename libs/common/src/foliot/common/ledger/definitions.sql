-- name: reserve_job_ids
-- Reserves $1 new job_ids, and returns them with the database's clock.
SELECT clock_timestamp() AS now, array(SELECT nextval('jobs_job_id_seq') FROM generate_series(1, $1::int)) AS job_ids

-- name: insert_created
-- Creates jobs, each with its first version and its audit row, and wakes the scheduler on channel $2.
-- $1: JSON array with one object per job. Its `definition` is stored three times: as columns of the job, as the first
-- version, and as the audited value.
WITH created AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset($1) AS c (
        job_id bigint, user_id bigint, team_id bigint, definition jsonb, spread_key text, next_run_time timestamptz, once boolean,
        created_at timestamptz, request_id text, traceparent text, ip_address inet, user_agent text, key_id bigint, set text)),
inserted_jobs AS (
    INSERT INTO jobs (
        job_id, user_id, team_id, job_key, job_name, job_type, description, schedule, timezone, schedule_since, spread_key,
        next_run_time, payload, retry_policy, priority, timeout_seconds, overlap_policy, misfire_policy,
        misfire_grace_seconds, misfire_limit, dst_gap, dst_overlap, start_at, end_at, max_runs, jitter_seconds, labels, pool,
        shadow, set, request_id, traceparent, created_at, updated_at)
    SELECT c.job_id, c.user_id, c.team_id, d.job_key, d.job_name, d.job_type, d.description, d.schedule, d.timezone,
        c.created_at, c.spread_key, c.next_run_time, d.payload, d.retry_policy, d.priority, d.timeout_seconds,
        d.overlap_policy, d.misfire_policy, d.misfire_grace_seconds, d.misfire_limit, d.dst_gap, d.dst_overlap, d.start_at,
        d.end_at, d.max_runs, d.jitter_seconds, d.labels, d.pool, d.shadow, c.set, CASE WHEN c.once THEN c.request_id END,
        CASE WHEN c.once THEN c.traceparent END, c.created_at, c.created_at
    FROM created c, jsonb_populate_record(NULL::jobs, c.definition) d),
inserted_versions AS (
    INSERT INTO job_versions (job_id, valid_from, version, status, definition, user_id, key_id)
    SELECT job_id, created_at, 1, 'PENDING', definition, user_id, key_id FROM created),
inserted_audits AS (
    INSERT INTO audit_logs (user_id, team_id, action, resource_type, resource_id, new_value, ip_address, user_agent, request_id,
        key_id)
    SELECT user_id, team_id, 'CREATE_JOB', 'JOB', job_id, definition, ip_address, user_agent, request_id, key_id FROM created)
SELECT pg_notify($2, '')

-- name: lock_visible
-- Locks jobs that the caller may see, in the order of their keys. Their executions must be read in a later statement: this
-- one still sees them as they were before it waited for a lock. The clock is read after each lock is held.
-- $1 job_ids, $2 all teams, $3 team_id, $4 user_id
SELECT locked.*, clock_timestamp() AS now FROM (
    SELECT j.* FROM jobs j
    WHERE j.job_id = ANY ($1::bigint[]) AND j.deleted_at IS NULL
      AND ($2 OR j.team_id = $3 OR (j.team_id IS NULL AND $3::bigint IS NULL AND j.user_id = $4))
    ORDER BY j.job_id FOR NO KEY UPDATE) locked

-- name: store_changed
-- Stores changes of the locked jobs $1 and wakes the scheduler on channel $4.
-- $2: JSON array with one object per job: `job` is the whole row, of which the job takes the columns, `definition` what it
-- is from $3 on; action, old_value and new_value are audited, for all of them with:
-- $5 user_id, $6 ip, $7 user agent, $8 request_id, $9 key_id
WITH changed AS MATERIALIZED (
    SELECT r.*, c.definition, c.action, c.old_value, c.new_value
    FROM jsonb_to_recordset($2) AS c (job jsonb, definition jsonb, action text, old_value jsonb, new_value jsonb),
        jsonb_populate_record(NULL::jobs, c.job) r),
updated AS (
    UPDATE jobs j SET (
        job_name, job_type, description, schedule, timezone, schedule_since, next_run_time, paused_run_time, payload, status,
        retry_policy, priority, timeout_seconds, overlap_policy, misfire_policy, misfire_grace_seconds, misfire_limit, dst_gap,
        dst_overlap, start_at, end_at, max_runs, jitter_seconds, labels, pool, shadow, set, version, runs_planned, request_id,
        traceparent, updated_at, deleted_at) = (
        r.job_name, r.job_type, r.description, r.schedule, r.timezone, r.schedule_since, r.next_run_time,
        r.paused_run_time, r.payload, r.status, r.retry_policy, r.priority, r.timeout_seconds, r.overlap_policy,
        r.misfire_policy, r.misfire_grace_seconds, r.misfire_limit, r.dst_gap, r.dst_overlap, r.start_at, r.end_at,
        r.max_runs, r.jitter_seconds, r.labels, r.pool, r.shadow, r.set, r.version, r.runs_planned, r.request_id,
        r.traceparent, r.updated_at, r.deleted_at)
    FROM changed r WHERE j.job_id = r.job_id AND j.job_id = ANY ($1::bigint[])),
unlisted AS (
    DELETE FROM listed_jobs l USING changed r
    WHERE r.deleted_at IS NOT NULL AND l.created_at = r.created_at AND l.job_id = r.job_id),
closed AS (
    UPDATE job_versions SET valid_to = $3 WHERE job_id = ANY ($1::bigint[]) AND valid_to IS NULL),
opened AS (
    INSERT INTO job_versions (job_id, version, status, definition, valid_from, user_id, key_id)
    SELECT job_id, version, status, definition, $3, $5::bigint, $9::bigint FROM changed),
audited AS (
    INSERT INTO audit_logs (user_id, team_id, action, resource_type, resource_id, old_value, new_value, ip_address, user_agent,
        request_id, key_id)
    SELECT $5::bigint, team_id, action, 'JOB', job_id, old_value, new_value, $6::inet, $7::text, $8::text, $9::bigint
    FROM changed)
SELECT pg_notify($4, '')
