-- name: lock_jobs
-- Locks jobs, in the order of their keys. $1 job_ids
SELECT job_id, team_id FROM jobs WHERE job_id = ANY ($1::bigint[]) ORDER BY job_id FOR NO KEY UPDATE

-- name: is_open
-- True if a run of the locked job $1 is unfinished.
SELECT EXISTS (
    SELECT FROM executions e JOIN jobs j ON j.job_id = e.job_id
    WHERE e.job_id = $1 AND e.scheduled_time >= j.open_since AND e.end_time IS NULL)

-- name: is_waiting
-- True if a run of the locked job $1 waits for an earlier one.
SELECT EXISTS (SELECT FROM executions WHERE job_id = $1 AND end_time IS NULL AND available_at IS NULL)

-- name: has_run
-- True if the tick $2 of job $1 has an execution.
SELECT EXISTS (SELECT FROM executions WHERE job_id = $1 AND scheduled_time = $2)

-- name: insert_run
-- Inserts a run beside the schedule. Its scheduled_time is the clock's, moved on by single microseconds until the job has
-- no execution at it.
-- $1 job_id, $2 user_id, $3 team_id, $4 pool, $5 priority, $6 override, $7 request_id, $8 traceparent, $9 true if it waits
-- for an earlier run
WITH e AS (
    INSERT INTO executions (job_id, user_id, team_id, status, scheduled_time, trigger, pool, priority, available_at, override,
        request_id, traceparent)
    SELECT $1, $2, $3, 'QUEUED', free.at, 'manual', $4, $5, CASE WHEN NOT $9 THEN free.at END, $6, $7, $8
    FROM (
        SELECT t.at + g * INTERVAL '1 microsecond' AS at
        FROM (SELECT clock_timestamp() AS at) t, generate_series(0, 1000) g
        WHERE NOT EXISTS (
            SELECT FROM executions e WHERE e.job_id = $1 AND e.scheduled_time = t.at + g * INTERVAL '1 microsecond')
        ORDER BY 1 LIMIT 1) free
    RETURNING *)
SELECT /*:execution_columns:*/ FROM e LEFT JOIN jobs j ON j.job_id = e.job_id

-- name: note_open_runs
-- Notes on the locked jobs $1, each once, that runs at $2 were inserted beside the planner.
UPDATE jobs j SET open_since = LEAST(j.open_since, r.scheduled_time),
    last_run_time = GREATEST(j.last_run_time, r.scheduled_time)
FROM unnest($1::bigint[], $2::timestamptz[]) AS r (job_id, scheduled_time)
WHERE j.job_id = r.job_id AND j.job_id = ANY ($1)

-- name: insert_replays
-- Inserts one more attempt of each run that was given up, with the job's current pool and priority and the run's own
-- override. Its only delay is the spacing $3. A cancelled or deleted job, and a run whose month is closed or dropped, gets
-- none.
-- Of the dead attempts:
-- $1 execution_ids, $2 scheduled_times, $3 delays (intervals); $4/$5 earliest and latest scheduled_time, $6 request_id,
-- $7 traceparent
INSERT INTO executions (job_id, user_id, team_id, status, scheduled_time, attempt_number, trigger, pool, priority,
    available_at, override, request_id, traceparent)
SELECT e.job_id, e.user_id, e.team_id, 'QUEUED', e.scheduled_time, (
        SELECT max(n.attempt_number) + 1 FROM executions n WHERE n.job_id = e.job_id AND n.scheduled_time = e.scheduled_time),
    'replay', j.pool, j.priority, clock_timestamp() + r.delay, e.override, $6, $7
FROM unnest($1::bigint[], $2::timestamptz[], $3::interval[]) AS r (execution_id, scheduled_time, delay)
JOIN executions e ON e.execution_id = r.execution_id AND e.scheduled_time = r.scheduled_time
JOIN jobs j ON j.job_id = e.job_id
WHERE e.execution_id = ANY ($1) AND e.scheduled_time >= $4 AND e.scheduled_time <= $5
  AND j.status <> 'CANCELLED' AND j.deleted_at IS NULL
  AND e.scheduled_time >= (SELECT floor FROM partition_floor FOR SHARE)
RETURNING execution_id, job_id, scheduled_time, attempt_number

-- name: note_replays
-- Notes on the locked jobs $1 that their runs at $2 are open again.
UPDATE jobs j SET open_since = LEAST(j.open_since, r.scheduled_time)
FROM (SELECT job_id, min(scheduled_time) AS scheduled_time
      FROM unnest($1::bigint[], $2::timestamptz[]) AS u (job_id, scheduled_time) GROUP BY job_id) r
WHERE j.job_id = r.job_id AND j.job_id = ANY ($1)
