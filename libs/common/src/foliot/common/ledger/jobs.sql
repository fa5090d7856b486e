-- name: list_job_versions
-- What decided the ticks of job $1 from $2 to $3, oldest first. $4 limit
SELECT version, status, valid_from, valid_to, definition->>'previous_status' AS previous_status,
    definition->>'schedule' AS schedule, definition->>'timezone' AS timezone, definition->>'dst_gap' AS dst_gap,
    definition->>'dst_overlap' AS dst_overlap, (definition->>'start_at')::timestamptz AS start_at,
    (definition->>'end_at')::timestamptz AS end_at, (definition->>'schedule_since')::timestamptz AS schedule_since
FROM job_versions
WHERE job_id = $1 AND valid_from <= $3 AND (valid_to IS NULL OR valid_to >= $2)
ORDER BY valid_from LIMIT $4

-- name: select_job
-- One visible job with its status derived. $1 job_id, $2 all teams, $3 team_id, $4 user_id
SELECT * FROM visible_jobs j
WHERE j.job_id = $1
  AND ($2 OR j.team_id = $3 OR (j.team_id IS NULL AND $3::bigint IS NULL AND j.user_id = $4))

-- name: note_open_run
-- A run at $2 of the locked job $1 was made beside the planner.
UPDATE jobs SET open_since = LEAST(open_since, $2), last_run_time = GREATEST(last_run_time, $2) WHERE job_id = $1

-- name: lock_jobs
-- $1 job_ids
SELECT job_id FROM jobs WHERE job_id = ANY ($1::bigint[]) ORDER BY job_id FOR NO KEY UPDATE

-- name: note_replays
-- Runs at $2 of the locked jobs $1 are open again.
UPDATE jobs j SET open_since = LEAST(j.open_since, r.scheduled_time)
FROM (SELECT job_id, min(scheduled_time) AS scheduled_time
      FROM unnest($1::bigint[], $2::timestamptz[]) AS u (job_id, scheduled_time) GROUP BY job_id) r
WHERE j.job_id = r.job_id AND j.job_id = ANY ($1)

-- name: select_pending_jobs
-- What is due, without locks: the planner's question. What has been due for less than a minute comes first, each oldest
-- first, so that no catch-up stands in its way; among them what is due within $3. The first row tells the time.
-- `open_since`: the oldest run that is open now; later months are not looked into, for a day's grace.
-- $1 limit of each, $2 limit of both, $3 ahead (interval)
SELECT job_id, user_id, team_id, job_name, schedule, timezone, schedule_since, spread_key, next_run_time, overlap_policy,
    misfire_policy, misfire_grace_seconds, misfire_limit, dst_gap, dst_overlap, start_at, end_at, max_runs, runs_planned,
    jitter_seconds, queue, priority, version, request_id, traceparent, at, read_xmin, (
        SELECT e.scheduled_time FROM executions e
        WHERE e.job_id = due.job_id AND e.scheduled_time >= due.open_since
          AND e.scheduled_time <= now() + INTERVAL '1 day' AND e.end_time IS NULL
        ORDER BY e.scheduled_time LIMIT 1) AS open_since,
    CASE WHEN row_number() OVER () = 1 THEN clock_timestamp() END AS now
FROM (
    (SELECT *, ctid AS at, xmin AS read_xmin FROM jobs
     WHERE status = 'PENDING' AND next_run_time <= now() + $3 AND next_run_time > now() - INTERVAL '1 minute'
       AND deleted_at IS NULL
     ORDER BY next_run_time LIMIT $1)
    UNION ALL
    (SELECT *, ctid AS at, xmin AS read_xmin FROM jobs
     WHERE status = 'PENDING' AND next_run_time <= now() - INTERVAL '1 minute' AND deleted_at IS NULL
     ORDER BY next_run_time LIMIT $1)) due
LIMIT $2

-- name: select_zoned_jobs
-- Armed jobs whose next tick lies ahead and may depend on a time zone's rules. $1 after job_id, $2 limit
SELECT job_id, version, team_id, job_name, schedule, timezone, schedule_since, spread_key, next_run_time, dst_gap,
    dst_overlap, start_at, end_at, clock_timestamp() AS now
FROM jobs
WHERE job_id > $1 AND status = 'PENDING' AND next_run_time > now() AND deleted_at IS NULL AND timezone <> 'UTC'
ORDER BY job_id LIMIT $2

-- name: move_jobs
-- The locked jobs $1 are next due at $2.
UPDATE jobs j SET next_run_time = u.next_run_time
FROM unnest($1::bigint[], $2::timestamptz[]) AS u (job_id, next_run_time)
WHERE j.job_id = u.job_id

-- name: select_next_run_time
-- When the next job is due, and the database's clock.
SELECT clock_timestamp() AS now, (
    SELECT next_run_time FROM jobs
    WHERE status = 'PENDING' AND next_run_time IS NOT NULL AND deleted_at IS NULL
    ORDER BY next_run_time LIMIT 1) AS next_run_time

-- name: hold_and_lock_due_jobs
-- leader.hold_term, months.hold_floor and lock_due_jobs in one statement: no row, the term has passed; one without a job, all
-- are held by somebody else. $1 job_ids, $2 term
WITH held AS MATERIALIZED (
    SELECT GREATEST(p.floor, '0001-01-01Z') AS floor
    FROM leader l, partition_floor p WHERE l.id = 1 AND l.term = $2 AND p.id = 1 FOR SHARE)
SELECT h.floor, j.* FROM held h LEFT JOIN LATERAL (
    SELECT job_id, version, next_run_time, status, deleted_at FROM jobs
    WHERE job_id = ANY ($1::bigint[])
    ORDER BY job_id FOR NO KEY UPDATE SKIP LOCKED) j ON true

-- name: lock_due_jobs
-- Locks the given jobs, but for those that somebody else holds. Nothing beside the key: a condition on status or
-- deleted_at invites the planner to walk a partial index. $1 job_ids
SELECT job_id, version, next_run_time, status, deleted_at FROM jobs
WHERE job_id = ANY ($1::bigint[])
ORDER BY job_id FOR NO KEY UPDATE SKIP LOCKED

-- name: select_open_runs
-- The oldest open run of each locked job (null if none) and whether one waits for an earlier. $1 job_ids
SELECT j.job_id, (
    SELECT e.scheduled_time FROM executions e
    WHERE e.job_id = j.job_id AND e.scheduled_time >= j.open_since
      AND e.scheduled_time <= now() + INTERVAL '1 day' AND e.end_time IS NULL
    ORDER BY e.scheduled_time LIMIT 1) AS open_since,
    EXISTS (
        SELECT FROM executions e
        WHERE e.job_id = j.job_id AND e.scheduled_time >= j.open_since
          AND e.scheduled_time <= now() + INTERVAL '1 day' AND e.end_time IS NULL AND e.available_at IS NULL
    ) AS waits
FROM jobs j WHERE j.job_id = ANY ($1::bigint[]) AND j.open_since IS NOT NULL

-- name: fail_unplannable
-- A job whose next tick cannot be computed becomes FAILED. $1 job_id, $2 version
UPDATE jobs SET status = 'FAILED', next_run_time = NULL WHERE job_id = $1 AND version = $2 AND status = 'PENDING'
RETURNING job_id, user_id, team_id

-- name: lock_settling
-- Of the jobs whose run has just ended, those whose end or whose waiting run must be looked at under the job's lock.
SELECT job_id FROM jobs
WHERE job_id = ANY ($1::bigint[]) AND (next_run_time IS NULL OR overlap_policy IN ('queue_one', 'cancel_running'))
ORDER BY job_id FOR NO KEY UPDATE

-- name: settle_jobs
-- Locked jobs for which nothing is open and nothing follows take the outcome of their last run. It lies at last_run_time or
-- later, so that no month before it is looked into. $1 job_ids
UPDATE jobs j SET next_run_time = NULL, paused_run_time = NULL, status = COALESCE((
        SELECT CASE e.status WHEN 'COMPLETED' THEN 'COMPLETED' WHEN 'CANCELLED' THEN 'CANCELLED' ELSE 'FAILED' END
        FROM executions e
        WHERE e.job_id = j.job_id AND e.scheduled_time >= COALESCE(j.last_run_time, '-infinity')
          AND e.scheduled_time <= now() + INTERVAL '1 day' AND e.status <> 'SKIPPED'
        ORDER BY e.scheduled_time DESC, e.attempt_number DESC LIMIT 1), 'FAILED')
WHERE j.job_id = ANY ($1::bigint[]) AND j.next_run_time IS NULL AND j.deleted_at IS NULL
  AND j.schedule IS DISTINCT FROM 'manual'
  AND (j.status = 'PENDING' OR (j.status = 'PAUSED' AND (j.paused_run_time IS NULL
    OR (j.end_at < now() AND j.schedule <> 'immediate' AND j.schedule !~ '^\d{4}-'))))
  AND NOT EXISTS (
    SELECT FROM executions e
    WHERE e.job_id = j.job_id AND e.scheduled_time >= j.open_since AND e.scheduled_time <= now() + INTERVAL '1 day'
      AND e.end_time IS NULL)
RETURNING j.job_id, j.status

-- name: select_unsettled
-- Jobs that will not be armed again by themselves and have nothing open: what reconcile settles. $1 after job_id, $2 limit
SELECT j.job_id FROM jobs j
WHERE j.next_run_time IS NULL AND j.status IN ('PENDING', 'PAUSED') AND j.deleted_at IS NULL AND j.job_id > $1
  AND j.schedule IS DISTINCT FROM 'manual' AND (j.status = 'PENDING' OR j.paused_run_time IS NULL
    OR (j.end_at < now() AND j.schedule <> 'immediate' AND j.schedule !~ '^\d{4}-'))
  AND NOT EXISTS (
    SELECT FROM executions e
    WHERE e.job_id = j.job_id AND e.scheduled_time >= j.open_since AND e.end_time IS NULL)
ORDER BY j.job_id LIMIT $2

-- name: complete_replayed
-- A FAILED one-time job whose replay succeeded is COMPLETED. $1 job_ids
UPDATE jobs SET status = 'COMPLETED'
WHERE job_id = ANY ($1::bigint[]) AND status = 'FAILED' AND next_run_time IS NULL
RETURNING job_id
