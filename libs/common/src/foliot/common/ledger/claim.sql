-- name: claim_executions
-- Claims executions by compare-and-set: QUEUED -> RUNNING, or CANCELLED if the job is. Returns the job's definition as it
-- is now. A run that was dispatched ahead of its time starts when its available_at comes, `begins_in` seconds after the
-- claim.
-- $1 execution_ids, $2 scheduled_times, $3 worker_id, $4 claim token, $5 lease in seconds, $6 again: the outcome of an
-- earlier try is unknown, so rows that this token holds and never started are claimed again.
-- A token without a living heartbeat claims nothing: its row in workers may be gone, and nobody would rescue what it
-- claims. A statement that was stopped on its way to PostgreSQL can arrive as late as that.
-- The condition `= r.execution_id + 0`, here and below, is true of every row, but PostgreSQL expects few rows to pass it:
-- it then does one primary-key lookup per row, even in a month that it believes is tiny.
UPDATE executions/*month*/ e SET
    status = CASE WHEN j.status = 'CANCELLED' OR j.deleted_at IS NOT NULL THEN 'CANCELLED' ELSE 'RUNNING' END,
    end_time = CASE WHEN j.status = 'CANCELLED' OR j.deleted_at IS NOT NULL THEN clock_timestamp() END,
    start_time = CASE WHEN j.status = 'CANCELLED' OR j.deleted_at IS NOT NULL THEN NULL
        ELSE GREATEST(clock_timestamp(), e.available_at) END,
    worker_id = $3, claim = $4, lease_until = clock_timestamp() + make_interval(secs => $5), job_version = j.version
FROM unnest($1::bigint[], $2::timestamptz[]) AS r (execution_id, scheduled_time), jobs j
WHERE e.execution_id = r.execution_id/*all months:*/ AND e.scheduled_time = r.scheduled_time/*:*/ AND r.execution_id = r.execution_id + 0
  AND j.job_id = e.job_id
  AND (e.status = 'QUEUED' OR ($6 AND e.status = 'RUNNING' AND e.claim = $4)) AND e.available_at IS NOT NULL
  AND EXISTS (
    SELECT FROM workers w WHERE w.claim = $4 AND w.last_heartbeat >= clock_timestamp() - make_interval(secs => $5))
RETURNING e.execution_id, e.scheduled_time, e.job_id, e.attempt_number, e.trigger, e.status, e.request_id, e.traceparent, e.override,
    date_part('epoch', e.start_time - e.scheduled_time) AS lateness,
    date_part('epoch', e.start_time - clock_timestamp()) AS begins_in, j.job_type, j.payload, j.retry_policy, j.timeout_seconds,
    j.user_id, j.team_id, j.next_run_time IS NULL OR j.overlap_policy IN ('queue_one', 'cancel_running') AS settles

-- name: fail_unclaimable
-- Ends a QUEUED execution as FAILED without a run, because its row makes every claim of it fail.
-- $1 execution_id, $2 scheduled_time, $3 error_message
UPDATE executions SET status = 'FAILED', end_time = clock_timestamp(), error_message = $3
WHERE execution_id = $1 AND scheduled_time = $2 AND status = 'QUEUED'
RETURNING execution_id, job_id, scheduled_time, attempt_number, trigger

-- name: renew_leases
-- Renews the leases of running executions, the second half of the heartbeat. Returns the executions that are still this
-- token's, with the cancels that were requested.
-- $1 execution_ids, $2 scheduled_times, $3 claim token, $4 lease in seconds
UPDATE executions e SET lease_until = clock_timestamp() + make_interval(secs => $4)
FROM unnest($1::bigint[], $2::timestamptz[]) AS r (execution_id, scheduled_time)
WHERE e.execution_id = r.execution_id AND e.scheduled_time = r.scheduled_time AND e.status = 'RUNNING' AND e.claim = $3
RETURNING e.execution_id, e.cancel_requested_at IS NOT NULL AS cancel_requested

-- name: record_executions
-- Records the ends of executions, for the claimant alone. Both times use statement_timestamp(), which is one instant for
-- the whole statement: duration_ms is exactly the span from start_time to end_time. `waits`: a run of the job waits for
-- this one; PostgreSQL looks for it only if any run waits at all.
-- $1 execution_ids, $2 scheduled_times; arrays, or null if every element is null:
-- $3 status (null: COMPLETED), $4 exit_code, $5 http_status, $6 error_message, $7 logs; $8 claim token, $9 seconds since
-- each execution ended, $10 true if all are successes after which nothing follows: their jobs' last_status is written here
WITH recorded AS (
    UPDATE executions/*month*/ e SET
        status = COALESCE(r.status, 'COMPLETED'),
        end_time = GREATEST(statement_timestamp() - make_interval(secs => r.ended_ago), e.start_time),
        duration_ms = 1000 * date_part('epoch',
            GREATEST(statement_timestamp() - make_interval(secs => r.ended_ago), e.start_time) - e.start_time),
        exit_code = r.exit_code, http_status = r.http_status, error_message = r.error_message, logs = r.logs
    FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::int[], $5::int[], $6::text[], $7::text[], $9::float8[])
        AS r (execution_id, scheduled_time, status, exit_code, http_status, error_message, logs, ended_ago)
    WHERE e.execution_id = r.execution_id/*all months:*/ AND e.scheduled_time = r.scheduled_time/*:*/ AND r.execution_id = r.execution_id + 0
      AND e.status = 'RUNNING' AND e.claim = $8
    RETURNING e.execution_id, e.job_id, e.duration_ms, (
        SELECT EXISTS (SELECT FROM executions/*month*/ WHERE end_time IS NULL AND available_at IS NULL)) AND EXISTS (
        SELECT FROM executions/*month*/ w
        WHERE w.job_id = e.job_id AND w.scheduled_time >= e.scheduled_time AND w.scheduled_time <= now() + INTERVAL '1 day'
          AND w.end_time IS NULL AND w.available_at IS NULL) AS waits),
noted AS (
    INSERT INTO last_statuses (job_id, last_status)
    SELECT DISTINCT r.job_id, 'COMPLETED' FROM recorded r
    WHERE $10 AND NOT EXISTS (
        SELECT FROM last_statuses l WHERE l.job_id = r.job_id AND l.last_status = 'COMPLETED')
    ORDER BY 1
    ON CONFLICT (job_id) DO UPDATE SET last_status = EXCLUDED.last_status)
SELECT execution_id, duration_ms, waits FROM recorded

-- name: select_recorded
-- The given executions that one of these claim tokens has ended itself: a rescue writes 'worker lost'. `retry_at`: the
-- available_at of the next attempt.
-- $1 execution_ids, $2 scheduled_times, $3 claim tokens
SELECT e.execution_id, e.duration_ms, n.available_at AS retry_at
FROM unnest($1::bigint[], $2::timestamptz[]) AS r (execution_id, scheduled_time)
JOIN executions e ON e.execution_id = r.execution_id AND e.scheduled_time = r.scheduled_time
LEFT JOIN executions n ON n.job_id = e.job_id AND n.scheduled_time = e.scheduled_time
    AND n.attempt_number = e.attempt_number + 1 AND n.trigger = 'retry'
WHERE e.claim = ANY ($3::bigint[]) AND e.end_time IS NOT NULL AND e.error_message IS DISTINCT FROM 'worker lost'

-- name: hand_back
-- Returns deliveries that no slot took in time to the outbox, from which they are dispatched again.
-- $1 execution_ids, $2 scheduled_times
UPDATE executions e SET dispatched_at = NULL
FROM unnest($1::bigint[], $2::timestamptz[]) AS r (execution_id, scheduled_time)
WHERE e.execution_id = r.execution_id AND e.scheduled_time = r.scheduled_time AND e.status = 'QUEUED'

-- name: release_claimed
-- Returns claimed executions to the outbox that never started, because the worker stops.
-- $1 execution_ids, $2 scheduled_times, $3 claim token
UPDATE executions e SET status = 'QUEUED', dispatched_at = NULL, start_time = NULL, worker_id = NULL, claim = NULL,
    lease_until = NULL, job_version = NULL
FROM unnest($1::bigint[], $2::timestamptz[]) AS r (execution_id, scheduled_time)
WHERE e.execution_id = r.execution_id AND e.scheduled_time = r.scheduled_time AND e.status = 'RUNNING' AND e.claim = $3
