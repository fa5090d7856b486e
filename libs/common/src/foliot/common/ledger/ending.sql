-- name: cancel_execution
-- Cancels an open execution: QUEUED ends at once, RUNNING gets a request that its worker's next heartbeat reads.
-- $1 execution_id, $2 scheduled_time
WITH e AS (
    UPDATE executions SET
        status = CASE WHEN status = 'QUEUED' THEN 'CANCELLED' ELSE status END,
        end_time = CASE WHEN status = 'QUEUED' THEN clock_timestamp() END,
        cancel_requested_at = COALESCE(cancel_requested_at, clock_timestamp())
    WHERE execution_id = $1 AND scheduled_time = $2 AND end_time IS NULL
    RETURNING *)
SELECT /*:execution_columns:*/ FROM e LEFT JOIN jobs j ON j.job_id = e.job_id

-- name: lock_open
-- Locks the open executions of locked jobs, in the order of their ids, over all jobs. For a transaction that then cancels
-- those of one job after the other. $1 job_ids
SELECT e.execution_id FROM jobs j JOIN executions e ON e.job_id = j.job_id
WHERE j.job_id = ANY ($1::bigint[]) AND e.scheduled_time >= j.open_since AND e.end_time IS NULL
ORDER BY e.execution_id FOR NO KEY UPDATE OF e

-- name: cancel_open
-- Cancels the open executions of locked jobs: QUEUED ends at once, RUNNING gets a request that its worker's next heartbeat
-- reads. Executions are locked in the order of their ids, over all jobs.
-- $1 job_ids
WITH open AS (
    SELECT e.execution_id, e.scheduled_time FROM jobs j JOIN executions e ON e.job_id = j.job_id
    WHERE j.job_id = ANY ($1::bigint[]) AND e.scheduled_time >= j.open_since AND e.end_time IS NULL
    ORDER BY e.execution_id FOR NO KEY UPDATE OF e)
UPDATE executions e SET
    status = CASE WHEN e.status = 'QUEUED' THEN 'CANCELLED' ELSE e.status END,
    end_time = CASE WHEN e.status = 'QUEUED' THEN clock_timestamp() END,
    cancel_requested_at = clock_timestamp()
FROM open
WHERE e.execution_id = open.execution_id AND e.scheduled_time = open.scheduled_time AND e.end_time IS NULL
RETURNING e.job_id, e.status

-- name: select_lost
-- The executions of dead claim tokens whose lease has passed, without a lock: their jobs are locked first.
-- $1 claim tokens, $2 limit
SELECT execution_id, scheduled_time, job_id FROM executions
WHERE end_time IS NULL AND available_at IS NOT NULL AND status = 'RUNNING' AND claim = ANY ($1::bigint[]) AND lease_until < now()
ORDER BY execution_id LIMIT $2

-- name: rescue_lost
-- Ends those of the given executions that are still a dead claim token's: FAILED, or CANCELLED if a cancel was requested.
-- $1 execution_ids, $2 scheduled_times, $3 claim tokens
WITH lost AS (
    SELECT e.execution_id, e.scheduled_time
    FROM unnest($1::bigint[], $2::timestamptz[]) AS r (execution_id, scheduled_time)
    JOIN executions e ON e.execution_id = r.execution_id AND e.scheduled_time = r.scheduled_time
    WHERE e.status = 'RUNNING' AND e.claim = ANY ($3::bigint[]) AND e.lease_until < now()
    ORDER BY e.execution_id FOR NO KEY UPDATE OF e SKIP LOCKED)
UPDATE executions e SET
    status = CASE WHEN e.cancel_requested_at IS NULL THEN 'FAILED' ELSE 'CANCELLED' END,
    error_message = 'worker lost', end_time = GREATEST(statement_timestamp(), e.start_time),
    duration_ms = 1000 * date_part('epoch', GREATEST(statement_timestamp(), e.start_time) - e.start_time)
FROM lost, jobs j
WHERE e.execution_id = lost.execution_id AND e.scheduled_time = lost.scheduled_time AND j.job_id = e.job_id
RETURNING e.execution_id, e.job_id, e.scheduled_time, e.attempt_number, e.status, e.trigger, e.worker_id, e.request_id,
    e.traceparent, j.retry_policy

-- name: insert_retries
-- Inserts the next attempts of runs that have just failed. A cancelled or deleted job gets none. Of the failed attempts:
-- $1 execution_ids, $2 scheduled_times, $3 delays (intervals)
INSERT INTO executions (job_id, user_id, team_id, status, scheduled_time, attempt_number, trigger, pool, priority,
    available_at, override, term, request_id, traceparent)
SELECT e.job_id, e.user_id, e.team_id, 'QUEUED', e.scheduled_time, e.attempt_number + 1, 'retry', j.pool, j.priority,
    e.end_time + r.delay, e.override, e.term, e.request_id, e.traceparent
FROM unnest($1::bigint[], $2::timestamptz[], $3::interval[]) AS r (execution_id, scheduled_time, delay)
JOIN executions e ON e.execution_id = r.execution_id AND e.scheduled_time = r.scheduled_time
JOIN jobs j ON j.job_id = e.job_id
WHERE j.status <> 'CANCELLED' AND j.deleted_at IS NULL
ON CONFLICT DO NOTHING
RETURNING job_id, scheduled_time, attempt_number, available_at

-- name: lock_settling
-- Locks those of the given jobs whose end, or whose waiting run, must be decided under the job's lock: no tick follows, or
-- the overlap policy makes runs wait.
-- $1 job_ids of runs that have just ended
SELECT job_id FROM jobs
WHERE job_id = ANY ($1::bigint[]) AND (next_run_time IS NULL OR overlap_policy IN ('queue_one', 'cancel_running'))
ORDER BY job_id FOR NO KEY UPDATE

-- name: release_waiting
-- Makes the oldest waiting run of each job available, if no earlier run of the job is unfinished. A scheduled run also
-- waits for its delay by jitter. A row that another transaction has locked is passed over: that one releases or cancels it,
-- and reconcile looks every second.
-- $1 job_ids
UPDATE executions e SET available_at = GREATEST(clock_timestamp(), e.scheduled_time + (
    SELECT jitter_delay(j.job_id, e.scheduled_time, j.jitter_seconds) FROM jobs j
    WHERE j.job_id = e.job_id AND e.trigger = 'schedule'))
FROM (
    SELECT l.execution_id, l.scheduled_time, l.job_id FROM (
        SELECT DISTINCT ON (w.job_id) w.execution_id, w.scheduled_time FROM executions w
        WHERE w.job_id = ANY ($1::bigint[]) AND w.end_time IS NULL AND w.available_at IS NULL
        ORDER BY w.job_id, w.scheduled_time) oldest
    JOIN executions l ON l.execution_id = oldest.execution_id AND l.scheduled_time = oldest.scheduled_time
    WHERE l.status = 'QUEUED' AND l.available_at IS NULL
    ORDER BY l.execution_id FOR NO KEY UPDATE OF l SKIP LOCKED) first
WHERE e.execution_id = first.execution_id AND e.scheduled_time = first.scheduled_time AND e.status = 'QUEUED'
  AND e.available_at IS NULL
  AND NOT EXISTS (
    SELECT FROM executions o JOIN jobs j ON j.job_id = o.job_id
    WHERE o.job_id = first.job_id AND o.scheduled_time >= j.open_since AND o.end_time IS NULL
      AND o.available_at IS NOT NULL)
RETURNING e.execution_id, e.job_id

-- name: settle_jobs
-- Ends locked jobs for which nothing is open and no tick follows: each takes the outcome of its last run. That run lies at
-- last_run_time or later, so PostgreSQL reads no month before it.
-- $1 job_ids
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
RETURNING j.job_id, j.status, (SELECT l.last_status FROM last_statuses l WHERE l.job_id = j.job_id) AS noted

-- name: note_outcomes
-- Notes the outcomes of runs that have just ended, where they differ from the last one of their job. It comes last in a
-- transaction, with its rows in the order of their keys, so that nobody who holds one of them waits for anything else.
-- $1 job_ids, each once, $2 statuses
INSERT INTO last_statuses (job_id, last_status)
SELECT r.job_id, r.last_status FROM unnest($1::bigint[], $2::text[]) AS r (job_id, last_status)
WHERE NOT EXISTS (SELECT FROM last_statuses l WHERE l.job_id = r.job_id AND l.last_status = r.last_status)
ORDER BY r.job_id
ON CONFLICT (job_id) DO UPDATE SET last_status = EXCLUDED.last_status

-- name: complete_replayed
-- Completes FAILED one-time jobs whose replay succeeded; they are locked. $1 job_ids
UPDATE jobs SET status = 'COMPLETED'
WHERE job_id = ANY ($1::bigint[]) AND status = 'FAILED' AND next_run_time IS NULL
RETURNING job_id

-- name: select_waiting_jobs
-- Jobs with a run that waits for an earlier one. $1 after this job_id, $2 limit
SELECT DISTINCT job_id FROM executions
WHERE end_time IS NULL AND available_at IS NULL AND job_id > $1 ORDER BY job_id LIMIT $2

-- name: select_unsettled
-- Jobs that nothing arms again and that have nothing open: the reconciler settles them. $1 after this job_id, $2 limit
SELECT j.job_id FROM jobs j
WHERE j.next_run_time IS NULL AND j.status IN ('PENDING', 'PAUSED') AND j.deleted_at IS NULL AND j.job_id > $1
  AND j.schedule IS DISTINCT FROM 'manual' AND (j.status = 'PENDING' OR j.paused_run_time IS NULL
    OR (j.end_at < now() AND j.schedule <> 'immediate' AND j.schedule !~ '^\d{4}-'))
  AND NOT EXISTS (
    SELECT FROM executions e
    WHERE e.job_id = j.job_id AND e.scheduled_time >= j.open_since AND e.end_time IS NULL)
ORDER BY j.job_id LIMIT $2
