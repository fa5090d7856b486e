-- SQL that several statements share: statements.py puts the fragment in place of `/*:name:*/`.

-- fragment: execution_columns
-- An execution as the API shows it: the fields of Execution in model/execution.py, in their order.
execution_id, job_id, worker_id, status, scheduled_time, start_time, end_time, duration_ms, exit_code, http_status,
    error_message, attempt_number, trigger, job_version, cancel_requested_at, skipped_count, skipped_until, created_at

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

-- fragment: job_filter
-- The filter of a list of jobs `w`, except for their status.
-- $2 job_type or null, $3 part of the name or null, $4 priority or null, $7 labels
($2::text IS NULL OR w.job_type = $2) AND ($3::text IS NULL OR strpos(lower(w.job_name), lower($3)) > 0)
  AND ($4::int IS NULL OR w.priority = $4) AND w.labels @> $7
