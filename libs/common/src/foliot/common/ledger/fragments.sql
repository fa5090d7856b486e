-- SQL that several statements share: statements.py puts the fragment in place of `/*:name:*/`.

-- fragment: execution_columns
-- An execution `e` of the job `j` as the API shows it: the fields of Execution in model/execution.py, in their order.
-- `datasource`: of a sql_query that waits, which may wait for a worker that has it.
e.execution_id, e.job_id, j.job_name, j.job_key, e.worker_id, e.status, e.scheduled_time, e.start_time, e.end_time,
    e.duration_ms, e.exit_code, e.http_status, e.error_message, e.attempt_number, e.trigger, e.job_version,
    e.cancel_requested_at, e.skipped_count, e.skipped_until, e.created_at, e.pool,
    CASE WHEN e.status = 'QUEUED' AND j.job_type = 'sql_query'
        THEN COALESCE(e.override#>>'{payload,datasource}', j.payload->>'datasource') END AS datasource

-- fragment: open_status
-- The status of a PENDING job with open executions, aggregated over the rows `e` of one job.
CASE WHEN bool_or(e.status = 'RUNNING') THEN 'RUNNING' ELSE 'QUEUED' END

-- fragment: open_of_job
-- Joins `open.status` to the job `w`: the status that its open executions give it, null if it has none or is not PENDING.
-- The API answers COALESCE(open.status, w.status).
LEFT JOIN LATERAL (
    SELECT /*:open_status:*/ AS status
    FROM executions e
    WHERE e.job_id = w.job_id AND e.scheduled_time >= w.open_since AND e.end_time IS NULL
    HAVING count(*) > 0
) open ON w.status = 'PENDING'

-- fragment: job_columns
-- A job `w` in a list: the columns of jobs without payload, which may be a megabyte, and the outcome of its last run.
w.job_id, w.user_id, w.team_id, w.job_key, w.job_name, w.job_type, w.description, w.schedule, w.timezone, w.schedule_since,
    w.spread_key, w.next_run_time, w.last_run_time, w.paused_run_time, NULL AS payload, w.status, w.retry_policy, w.priority,
    w.timeout_seconds, w.overlap_policy, w.misfire_policy, w.misfire_grace_seconds, w.misfire_limit, w.dst_gap, w.dst_overlap,
    w.start_at, w.end_at, w.max_runs, w.jitter_seconds, w.labels, w.pool, w.shadow, w.set, w.version, w.runs_planned,
    w.open_since, w.request_id, w.traceparent, w.created_at, w.updated_at, w.deleted_at, /*:pause:*/ AS paused,
    /*:last_status:*/ AS last_status

-- fragment: pause
-- The pause of the job `w`, an object with the members of Pause; null if it is not PAUSED.
CASE WHEN w.status = 'PAUSED' THEN (
    SELECT jsonb_build_object('pause_id', p.pause_id, 'user_id', p.user_id, 'key_id', p.key_id, 'key_name', k.name,
        'paused_at', p.paused_at, 'reason', p.reason, 'until', p.until)
    FROM pauses p LEFT JOIN api_keys k ON k.key_id = p.key_id WHERE p.job_id = w.job_id) END

-- fragment: last_status
-- The outcome of the last run of the job `w` that ended; null if none has. A job that completed needs no row for it.
COALESCE((SELECT s.last_status FROM last_statuses s WHERE s.job_id = w.job_id),
    CASE WHEN w.status = 'COMPLETED' THEN w.status END)

-- fragment: job_filter
-- The filter of a list of jobs `w`, except for their status.
-- $2 job_type or null, $3 part of the name or null, $4 priority or null, $7 labels, $8 job_key or null, $9 pool or null,
-- $10 last_status, one of several, or null, $11 set or null
($2::text IS NULL OR w.job_type = $2) AND ($3::text IS NULL OR strpos(lower(w.job_name), lower($3)) > 0)
  AND ($4::int IS NULL OR w.priority = $4) AND w.labels @> $7 AND ($8::text IS NULL OR w.job_key = $8)
  AND ($9::text IS NULL OR w.pool = $9) AND ($10::text[] IS NULL OR /*:last_status:*/ = ANY ($10))
  AND ($11::text IS NULL OR w.set = $11)

-- fragment: sort_key
-- The text by which a list sorts the jobs `j`: their name, or a time, those without it last. $13 sort
CASE WHEN $13 = 'job_name' THEN j.job_name
    ELSE COALESCE(to_char(CASE WHEN $13 = 'last_run_time' THEN j.last_run_time ELSE j.next_run_time END AT TIME ZONE 'UTC',
        'YYYY-MM-DD HH24:MI:SS.US'), '~') END COLLATE "C"

-- fragment: execution_filter
-- The filter of a list of executions `e` of jobs `j`. $6 statuses or null, $7 worker_id or null, $9 labels of the job or null
($6::text[] IS NULL OR e.status = ANY ($6)) AND ($7::text IS NULL OR e.worker_id = $7)
  AND ($9::jsonb IS NULL OR j.labels @> $9)

-- fragment: tick_columns
-- A tick with its last attempt, aggregated over its executions: the fields of TickRow, in their order.
scheduled_time, max(attempt_number) AS attempts,
    (array_agg(status ORDER BY attempt_number DESC))[1] AS status,
    (array_agg(execution_id ORDER BY attempt_number DESC))[1] AS execution_id,
    (array_agg(error_message ORDER BY attempt_number DESC))[1] AS error_message,
    (array_agg(job_version ORDER BY attempt_number DESC))[1] AS job_version,
    min(start_time - available_at) FILTER (WHERE attempt_number = 1) AS lateness,
    max(skipped_until) AS skipped_until

-- fragment: version_columns
-- A version with what decides its ticks: the fields of JobVersion, in their order.
version, status, valid_from, valid_to, definition->>'previous_status' AS previous_status,
    definition->>'schedule' AS schedule, definition->>'timezone' AS timezone, definition->>'dst_gap' AS dst_gap,
    definition->>'dst_overlap' AS dst_overlap, (definition->>'start_at')::timestamptz AS start_at,
    (definition->>'end_at')::timestamptz AS end_at, (definition->>'schedule_since')::timestamptz AS schedule_since

-- fragment: version_fields
-- A version `v` of a job for people, made with the key `k`: the fields of VersionRow, in their order.
v.version, v.valid_from AS changed_at, v.user_id, v.key_id, k.name AS key_name, v.definition
