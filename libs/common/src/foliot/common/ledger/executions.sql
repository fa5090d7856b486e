-- name: plan_plain_ticks
-- One tick of each job that has nothing to wait for: term and floor held, jobs locked, ticks inserted and jobs moved on, in
-- one statement. Left out is a job that somebody else holds, and one whose row is not the one that was read: whatever opens
-- a run of a job, or changes how it fires, writes its row, and so its ctid and xmin. A tick that has its row already fails
-- the statement; looking for that beforehand costs a fifth of it. No row: the term has passed; one without an execution_id:
-- nothing was inserted. $1 term, $2 floor as known; arrays, one element a job: $3 ctid,
-- $4 xmin, $5 next_run_time; null, or arrays too: $6 not to be dispatched yet, $7 available_at if it is not the tick,
-- $8 open_since if it is not the tick
WITH held AS MATERIALIZED (
    SELECT GREATEST(p.floor, '0001-01-01Z') AS floor, $2::timestamptz AS known
    FROM leader l, partition_floor p WHERE l.id = 1 AND l.term = $1 AND p.id = 1 FOR SHARE),
locked AS MATERIALIZED (
    SELECT j.ctid AS at, j.job_id, j.next_run_time AS tick, j.user_id, j.team_id, j.queue, j.priority, j.request_id,
        j.traceparent, u.next_run_time, COALESCE(u.available_at, j.next_run_time) AS available_at,
        COALESCE(u.open_since, j.next_run_time) AS open_since, u.withheld
    FROM held h,
        unnest($3::tid[], $4::xid[], $5::timestamptz[], $6::bool[], $7::timestamptz[], $8::timestamptz[])
        AS u (at, read_xmin, next_run_time, withheld, available_at, open_since),
        jobs j
    WHERE h.floor <= h.known AND j.ctid = u.at AND j.xmin = u.read_xmin
    FOR NO KEY UPDATE OF j SKIP LOCKED),
advanced AS (
    UPDATE jobs j SET
        next_run_time = l.next_run_time, last_run_time = l.tick, open_since = l.open_since,
        runs_planned = j.runs_planned + 1
    FROM locked l WHERE j.ctid = l.at),
inserted AS (
    INSERT INTO executions (job_id, user_id, team_id, status, scheduled_time, queue, priority, available_at, dispatched_at,
        request_id, traceparent, term)
    SELECT job_id, user_id, team_id, 'QUEUED', tick, queue, priority, available_at,
        CASE WHEN withheld IS NOT TRUE THEN clock_timestamp() END, request_id, traceparent, $1
    FROM locked
    RETURNING execution_id, job_id)
SELECT NULLIF(h.floor, h.known) AS floor, i.* FROM held h LEFT JOIN inserted i ON true

-- name: insert_planned
-- Ticks of one batch, the only insert that may ignore a conflict, and the one write of a run to its locked job. Arrays, one
-- element a tick: $1 job_id, $2 user_id, $3 team_id, $4 status, $5 scheduled_time, $6 error_message, $7 queue, $8 priority,
-- $9 available_at, $10 dispatch now, $11 skipped_count, $12 skipped_until, $13 request_id, $14 traceparent; $15 term;
-- one element a job: $16 job_id, $17 next_run_time, $18 last_run_time, $19 open_since, $20 runs planned
WITH inserted AS (
    INSERT INTO executions (job_id, user_id, team_id, status, scheduled_time, error_message, queue, priority, available_at,
        dispatched_at, end_time, skipped_count, skipped_until, request_id, traceparent, term)
    SELECT t.job_id, t.user_id, t.team_id, t.status, t.scheduled_time, t.error_message, t.queue, t.priority,
        t.available_at, CASE WHEN t.dispatch THEN clock_timestamp() END,
        CASE WHEN t.status = 'SKIPPED' THEN clock_timestamp() END, t.skipped_count, t.skipped_until, t.request_id,
        t.traceparent, $15
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::timestamptz[], $6::text[], $7::text[],
        $8::int[], $9::timestamptz[], $10::bool[], $11::bigint[], $12::timestamptz[], $13::text[], $14::text[])
        AS t (job_id, user_id, team_id, status, scheduled_time, error_message, queue, priority, available_at, dispatch,
              skipped_count, skipped_until, request_id, traceparent)
    ON CONFLICT DO NOTHING
    RETURNING execution_id, job_id, scheduled_time, attempt_number, queue, priority, available_at, dispatched_at, status),
advanced AS (
    UPDATE jobs j SET
        next_run_time = u.next_run_time,
        last_run_time = COALESCE(u.last_run_time, j.last_run_time),
        open_since = u.open_since,
        runs_planned = j.runs_planned + u.runs
    FROM unnest($16::bigint[], $17::timestamptz[], $18::timestamptz[], $19::timestamptz[], $20::bigint[])
        AS u (job_id, next_run_time, last_run_time, open_since, runs)
    WHERE j.job_id = u.job_id)
SELECT * FROM inserted

-- name: insert_run
-- A run beside the schedule. Its scheduled_time is the clock's, moved on by a microsecond until it is free in the ledger.
-- $1 job_id, $2 user_id, $3 team_id, $4 queue, $5 priority, $6 override, $7 request_id, $8 traceparent, $9 waits
INSERT INTO executions (job_id, user_id, team_id, status, scheduled_time, trigger, queue, priority, available_at, override,
    request_id, traceparent)
SELECT $1, $2, $3, 'QUEUED', free.at, 'manual', $4, $5, CASE WHEN NOT $9 THEN free.at END, $6, $7, $8
FROM (
    SELECT t.at + g * INTERVAL '1 microsecond' AS at
    FROM (SELECT clock_timestamp() AS at) t, generate_series(0, 1000) g
    WHERE NOT EXISTS (
        SELECT FROM executions e WHERE e.job_id = $1 AND e.scheduled_time = t.at + g * INTERVAL '1 microsecond')
    ORDER BY 1 LIMIT 1) free
RETURNING execution_id, job_id, worker_id, status, scheduled_time, start_time, end_time, duration_ms, exit_code, http_status,
    error_message, attempt_number, trigger, job_version, cancel_requested_at, skipped_count, skipped_until, created_at

-- name: insert_retries
-- The next attempts of runs that have just failed. $1 execution_ids, $2 scheduled_times, $3 delays (intervals), of the
-- failed attempts. A cancelled or deleted job gets none.
INSERT INTO executions (job_id, user_id, team_id, status, scheduled_time, attempt_number, trigger, queue, priority,
    available_at, override, term, request_id, traceparent)
SELECT e.job_id, e.user_id, e.team_id, 'QUEUED', e.scheduled_time, e.attempt_number + 1, 'retry', j.queue, j.priority,
    e.end_time + r.delay, e.override, e.term, e.request_id, e.traceparent
FROM unnest($1::bigint[], $2::timestamptz[], $3::interval[]) AS r (execution_id, scheduled_time, delay)
JOIN executions e ON e.execution_id = r.execution_id AND e.scheduled_time = r.scheduled_time
JOIN jobs j ON j.job_id = e.job_id
WHERE j.status <> 'CANCELLED' AND j.deleted_at IS NULL
ON CONFLICT DO NOTHING
RETURNING job_id, scheduled_time, attempt_number, available_at

-- name: insert_replays
-- One more attempt of given-up runs: the job's queue and priority of today, the run's override, no delay but the spacing.
-- $1 execution_ids, $2 scheduled_times of the dead attempts, $3 delays (intervals); $4/$5 least and greatest scheduled_time,
-- $6 request_id, $7 traceparent. A cancelled or deleted job, a month that is closed and history that is gone get none.
INSERT INTO executions (job_id, user_id, team_id, status, scheduled_time, attempt_number, trigger, queue, priority,
    available_at, override, request_id, traceparent)
SELECT e.job_id, e.user_id, e.team_id, 'QUEUED', e.scheduled_time, (
        SELECT max(n.attempt_number) + 1 FROM executions n WHERE n.job_id = e.job_id AND n.scheduled_time = e.scheduled_time),
    'replay', j.queue, j.priority, clock_timestamp() + r.delay, e.override, $6, $7
FROM unnest($1::bigint[], $2::timestamptz[], $3::interval[]) AS r (execution_id, scheduled_time, delay)
JOIN executions e ON e.execution_id = r.execution_id AND e.scheduled_time = r.scheduled_time
JOIN jobs j ON j.job_id = e.job_id
WHERE e.execution_id = ANY ($1) AND e.scheduled_time >= $4 AND e.scheduled_time <= $5
  AND j.status <> 'CANCELLED' AND j.deleted_at IS NULL
  AND e.scheduled_time >= (SELECT floor FROM partition_floor FOR SHARE)
RETURNING execution_id, job_id, scheduled_time, attempt_number

-- name: select_latest_claims
-- The newest dispatched_at among lately claimed attempts, by pool and priority: what is older by far was lost.
SELECT queue, priority, max(dispatched_at) AS dispatched_at, clock_timestamp() AS now FROM (
    SELECT queue, priority, dispatched_at FROM executions
    WHERE claim IS NOT NULL ORDER BY execution_id DESC LIMIT 1000) lately
GROUP BY queue, priority

-- name: take_lost
-- Dispatched, never claimed, and known to be lost: dispatched anew. $1 pool, $2 priority, $3 dispatched before, $4 limit
WITH lost AS (
    SELECT execution_id, scheduled_time FROM executions
    WHERE queue = $1 AND priority = $2 AND end_time IS NULL AND available_at <= now()
      AND status = 'QUEUED' AND dispatched_at < $3
    ORDER BY available_at LIMIT $4
    FOR NO KEY UPDATE SKIP LOCKED)
UPDATE executions e SET dispatched_at = clock_timestamp()
FROM lost
WHERE e.execution_id = lost.execution_id AND e.scheduled_time = lost.scheduled_time
RETURNING e.execution_id, e.job_id, e.scheduled_time, e.attempt_number, e.queue, e.priority, e.available_at

-- name: take_backlog
-- The relay's question: rows of one pool and priority that are available within $4 and were not dispatched, oldest first,
-- now dispatched. $1 pool, $2 priority, $3 limit, $4 ahead (interval), $5 since when the oldest of them waits, as surveyed:
-- what is dispatched lies before it, and is not walked through
WITH best AS (
    SELECT execution_id, scheduled_time FROM executions
    WHERE queue = $1 AND priority = $2 AND end_time IS NULL AND available_at <= now() + $4 AND available_at >= $5
      AND status = 'QUEUED' AND dispatched_at IS NULL
    ORDER BY available_at LIMIT $3
    FOR NO KEY UPDATE SKIP LOCKED)
UPDATE executions e SET dispatched_at = clock_timestamp()
FROM best
WHERE e.execution_id = best.execution_id AND e.scheduled_time = best.scheduled_time
RETURNING e.execution_id, e.job_id, e.scheduled_time, e.attempt_number, e.queue, e.priority, e.available_at

-- name: survey_open_work
-- For each pool and priority with open work: how many rows are dispatched and unclaimed (the window), since when the oldest
-- waits to be dispatched, of those that are available within $2, and when the next becomes available. Looks at no more than $1
-- rows of each: hops from one pair to the next over the open-work index. $2 ahead (interval)
WITH RECURSIVE pairs AS (
    (SELECT queue, priority FROM executions WHERE end_time IS NULL AND available_at IS NOT NULL
     ORDER BY queue, priority LIMIT 1)
    UNION ALL
    SELECT n.queue, n.priority FROM pairs p, LATERAL (
        SELECT e.queue, e.priority FROM executions e
        WHERE e.end_time IS NULL AND e.available_at IS NOT NULL AND (e.queue, e.priority) > (p.queue, p.priority)
        ORDER BY e.queue, e.priority LIMIT 1) n)
SELECT p.queue, p.priority, w.dispatched, w.waits_since, f.available_at, clock_timestamp() AS now
FROM pairs p, LATERAL (
    SELECT count(*) FILTER (WHERE o.dispatched_at IS NOT NULL) AS dispatched,
        min(o.available_at) FILTER (WHERE o.dispatched_at IS NULL) AS waits_since
    FROM (
        SELECT e.status, e.dispatched_at, e.available_at FROM executions e
        WHERE e.queue = p.queue AND e.priority = p.priority AND e.end_time IS NULL AND e.available_at <= now() + $2
        ORDER BY e.available_at LIMIT $1) o
    WHERE o.status = 'QUEUED') w
LEFT JOIN LATERAL (
    SELECT e.available_at FROM executions e
    WHERE e.queue = p.queue AND e.priority = p.priority AND e.end_time IS NULL AND e.available_at > now() + $2
    ORDER BY e.available_at LIMIT 1) f ON true

-- name: select_dispatched
-- What a former leader handed out and nobody has claimed: a new leader sends it once more. $1 limit
SELECT execution_id, job_id, scheduled_time, attempt_number, queue, priority, available_at FROM executions
WHERE end_time IS NULL AND available_at IS NOT NULL AND status = 'QUEUED' AND dispatched_at IS NOT NULL
ORDER BY priority DESC, available_at LIMIT $1

-- name: claim_executions
-- Compare-and-set QUEUED -> RUNNING (CANCELLED if the job is), with the definition as it stands now. What was handed out
-- ahead of its time starts when that has come, in `begins_in` seconds.
-- $1 execution_ids, $2 scheduled_times, $3 worker_id, $4 claim token, $5 lease in seconds,
-- $6 again: the outcome of an earlier try is unknown, so rows that this token holds and never started are claimed once more.
-- `+ 0`, here and below: what is true of each row lets the planner think of few of them, which it then looks up one by one,
-- however small it takes a month for.
UPDATE executions/*month*/ e SET
    status = CASE WHEN j.status = 'CANCELLED' OR j.deleted_at IS NOT NULL THEN 'CANCELLED' ELSE 'RUNNING' END,
    end_time = CASE WHEN j.status = 'CANCELLED' OR j.deleted_at IS NOT NULL THEN clock_timestamp() END,
    start_time = CASE WHEN j.status = 'CANCELLED' OR j.deleted_at IS NOT NULL THEN NULL
        ELSE GREATEST(clock_timestamp(), e.available_at) END,
    worker_id = $3, claim = $4, lease_until = clock_timestamp() + make_interval(secs => $5), job_version = j.version
FROM unnest($1::bigint[], $2::timestamptz[]) AS r (execution_id, scheduled_time), jobs j
WHERE e.execution_id = r.execution_id AND e.scheduled_time = r.scheduled_time AND r.execution_id = r.execution_id + 0
  AND j.job_id = e.job_id
  AND (e.status = 'QUEUED' OR ($6 AND e.status = 'RUNNING' AND e.claim = $4)) AND e.available_at IS NOT NULL
RETURNING e.execution_id, e.job_id, e.attempt_number, e.trigger, e.status, e.request_id, e.traceparent, e.override,
    date_part('epoch', e.start_time - e.scheduled_time) AS lateness,
    date_part('epoch', e.start_time - clock_timestamp()) AS begins_in, j.job_type, j.payload, j.retry_policy, j.timeout_seconds,
    j.user_id, j.team_id, j.next_run_time IS NULL OR j.overlap_policy IN ('queue_one', 'cancel_running') AS settles

-- name: fail_unclaimable
-- A row that breaks each claim ends without ever running. $1 execution_id, $2 scheduled_time, $3 error_message
UPDATE executions SET status = 'FAILED', end_time = clock_timestamp(), error_message = $3
WHERE execution_id = $1 AND scheduled_time = $2 AND status = 'QUEUED'
RETURNING execution_id, job_id, scheduled_time, attempt_number, trigger

-- name: record_executions
-- Terminal states, only by the claimant. Arrays: $1 execution_id, $2 scheduled_time; arrays, or null for nulls alone:
-- $3 status (null: COMPLETED), $4 exit_code, $5 http_status, $6 error_message, $7 logs; $8 claim token; $9 seconds since each
-- ended. Whether a run waits for one of them is asked of each only if any run waits at all. statement_timestamp() is one
-- instant for both: duration_ms is what lies between the times.
UPDATE executions/*month*/ e SET
    status = COALESCE(r.status, 'COMPLETED'),
    end_time = GREATEST(statement_timestamp() - make_interval(secs => r.ended_ago), e.start_time),
    duration_ms = 1000 * date_part('epoch',
        GREATEST(statement_timestamp() - make_interval(secs => r.ended_ago), e.start_time) - e.start_time),
    exit_code = r.exit_code, http_status = r.http_status, error_message = r.error_message, logs = r.logs
FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::int[], $5::int[], $6::text[], $7::text[], $9::float8[])
    AS r (execution_id, scheduled_time, status, exit_code, http_status, error_message, logs, ended_ago)
WHERE e.execution_id = r.execution_id AND e.scheduled_time = r.scheduled_time AND r.execution_id = r.execution_id + 0
  AND e.status = 'RUNNING' AND e.claim = $8
RETURNING e.execution_id, e.duration_ms, (
    SELECT EXISTS (SELECT FROM executions/*month*/ WHERE end_time IS NULL AND available_at IS NULL)) AND EXISTS (
    SELECT FROM executions/*month*/ w
    WHERE w.job_id = e.job_id AND w.scheduled_time >= e.scheduled_time AND w.scheduled_time <= now() + INTERVAL '1 day'
      AND w.end_time IS NULL AND w.available_at IS NULL) AS waits

-- name: renew_leases
-- The heartbeat's second half: the leases of what runs now; names what shall be cancelled.
-- $1 execution_ids, $2 scheduled_times, $3 claim token, $4 lease in seconds
UPDATE executions e SET lease_until = clock_timestamp() + make_interval(secs => $4)
FROM unnest($1::bigint[], $2::timestamptz[]) AS r (execution_id, scheduled_time)
WHERE e.execution_id = r.execution_id AND e.scheduled_time = r.scheduled_time AND e.status = 'RUNNING' AND e.claim = $3
RETURNING e.execution_id, e.cancel_requested_at IS NOT NULL AS cancel_requested

-- name: hand_back
-- Deliveries that no slot took in time go back to the outbox. $1 execution_ids, $2 scheduled_times
UPDATE executions e SET dispatched_at = NULL
FROM unnest($1::bigint[], $2::timestamptz[]) AS r (execution_id, scheduled_time)
WHERE e.execution_id = r.execution_id AND e.scheduled_time = r.scheduled_time AND e.status = 'QUEUED'

-- name: release_claimed
-- Claims of a process that has not started them (its own lease had passed, or it stops). $1 ids, $2 times, $3 token
UPDATE executions e SET status = 'QUEUED', dispatched_at = NULL, start_time = NULL, worker_id = NULL, claim = NULL,
    lease_until = NULL, job_version = NULL
FROM unnest($1::bigint[], $2::timestamptz[]) AS r (execution_id, scheduled_time)
WHERE e.execution_id = r.execution_id AND e.scheduled_time = r.scheduled_time AND e.status = 'RUNNING' AND e.claim = $3

-- name: rescue_lost
-- Attempts of dead claim tokens whose lease has passed end as FAILED (CANCELLED if that was asked). $1 claims, $2 limit
WITH lost AS (
    SELECT execution_id, scheduled_time FROM executions
    WHERE end_time IS NULL AND available_at IS NOT NULL AND status = 'RUNNING' AND claim = ANY ($1::bigint[]) AND lease_until < now()
    ORDER BY execution_id LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED)
UPDATE executions e SET
    status = CASE WHEN e.cancel_requested_at IS NULL THEN 'FAILED' ELSE 'CANCELLED' END,
    error_message = 'worker lost', end_time = GREATEST(statement_timestamp(), e.start_time),
    duration_ms = 1000 * date_part('epoch', GREATEST(statement_timestamp(), e.start_time) - e.start_time)
FROM lost, jobs j
WHERE e.execution_id = lost.execution_id AND e.scheduled_time = lost.scheduled_time AND j.job_id = e.job_id
RETURNING e.execution_id, e.job_id, e.scheduled_time, e.attempt_number, e.status, e.trigger, e.worker_id, e.request_id,
    e.traceparent, j.retry_policy

-- name: release_waiting
-- The oldest waiting run of each given job that has no unfinished earlier run becomes available, a tick not before its
-- delay by jitter. $1 job_ids
UPDATE executions e SET available_at = GREATEST(clock_timestamp(), e.scheduled_time + (
    SELECT jitter_delay(j.job_id, e.scheduled_time, j.jitter_seconds) FROM jobs j
    WHERE j.job_id = e.job_id AND e.trigger = 'schedule'))
FROM (
    SELECT DISTINCT ON (w.job_id) w.execution_id, w.scheduled_time, w.job_id FROM executions w
    WHERE w.job_id = ANY ($1::bigint[]) AND w.end_time IS NULL AND w.available_at IS NULL
    ORDER BY w.job_id, w.scheduled_time) first
WHERE e.execution_id = first.execution_id AND e.scheduled_time = first.scheduled_time AND e.status = 'QUEUED'
  AND e.available_at IS NULL
  AND NOT EXISTS (
    SELECT FROM executions o JOIN jobs j ON j.job_id = o.job_id
    WHERE o.job_id = first.job_id AND o.scheduled_time >= j.open_since AND o.end_time IS NULL
      AND o.available_at IS NOT NULL)
RETURNING e.execution_id, e.job_id

-- name: select_waiting_jobs
-- Jobs of which a run waits for an earlier one. $1 after job_id, $2 limit
SELECT DISTINCT job_id FROM executions
WHERE end_time IS NULL AND available_at IS NULL AND job_id > $1 ORDER BY job_id LIMIT $2

-- name: is_open
-- Whether a run of the locked job $1 is unfinished.
SELECT EXISTS (
    SELECT FROM executions e JOIN jobs j ON j.job_id = e.job_id
    WHERE e.job_id = $1 AND e.scheduled_time >= j.open_since AND e.end_time IS NULL)

-- name: is_waiting
-- Whether a run of the locked job $1 waits for an earlier one.
SELECT EXISTS (SELECT FROM executions WHERE job_id = $1 AND end_time IS NULL AND available_at IS NULL)

-- name: has_run
-- Whether the tick $2 of job $1 has an execution already.
SELECT EXISTS (SELECT FROM executions WHERE job_id = $1 AND scheduled_time = $2)

-- name: cancel_open
-- Open attempts of the locked job $1: QUEUED ends at once, RUNNING is asked to.
UPDATE executions e SET
    status = CASE WHEN e.status = 'QUEUED' THEN 'CANCELLED' ELSE e.status END,
    end_time = CASE WHEN e.status = 'QUEUED' THEN clock_timestamp() END,
    cancel_requested_at = clock_timestamp()
FROM jobs j
WHERE j.job_id = $1 AND e.job_id = $1 AND e.scheduled_time >= j.open_since AND e.end_time IS NULL
RETURNING e.execution_id, e.status

-- name: cancel_execution
-- $1 execution_id, $2 its scheduled_time
UPDATE executions e SET
    status = CASE WHEN e.status = 'QUEUED' THEN 'CANCELLED' ELSE e.status END,
    end_time = CASE WHEN e.status = 'QUEUED' THEN clock_timestamp() END,
    cancel_requested_at = COALESCE(cancel_requested_at, clock_timestamp())
WHERE execution_id = $1 AND scheduled_time = $2 AND end_time IS NULL
RETURNING execution_id, job_id, worker_id, status, scheduled_time, start_time, end_time, duration_ms, exit_code, http_status,
    error_message, attempt_number, trigger, job_version, cancel_requested_at, skipped_count, skipped_until, created_at

-- name: select_execution
-- One visible attempt with its logs. $1 execution_id, $2 all teams, $3 team_id, $4 user_id
SELECT execution_id, job_id, worker_id, status, scheduled_time, start_time, end_time, duration_ms, exit_code, http_status,
    error_message, attempt_number, trigger, job_version, cancel_requested_at, skipped_count, skipped_until, created_at, logs
FROM executions
WHERE execution_id = $1 AND ($2 OR team_id = $3 OR (team_id IS NULL AND $3::bigint IS NULL AND user_id = $4))

-- name: list_by_job
-- Newest first. $1 job_id, $2/$3 cursor (scheduled_time, attempt_number), $4 limit
SELECT execution_id, job_id, worker_id, status, scheduled_time, start_time, end_time, duration_ms, exit_code, http_status,
    error_message, attempt_number, trigger, job_version, cancel_requested_at, skipped_count, skipped_until, created_at
FROM executions
WHERE job_id = $1 AND (scheduled_time, attempt_number) < ($2, $3)
ORDER BY scheduled_time DESC, attempt_number DESC LIMIT $4

-- name: list_ticks
-- The ticks of job $1 that the ledger holds from $2 to $3, oldest first, each with its last attempt. $4 limit
SELECT scheduled_time, max(attempt_number) AS attempts,
    (array_agg(status ORDER BY attempt_number DESC))[1] AS status,
    (array_agg(execution_id ORDER BY attempt_number DESC))[1] AS execution_id,
    (array_agg(error_message ORDER BY attempt_number DESC))[1] AS error_message,
    (array_agg(job_version ORDER BY attempt_number DESC))[1] AS job_version,
    min(start_time - available_at) FILTER (WHERE attempt_number = 1) AS lateness,
    max(skipped_until) AS skipped_until
FROM executions
WHERE job_id = $1 AND scheduled_time >= $2 AND scheduled_time <= $3
GROUP BY scheduled_time HAVING bool_or(trigger = 'schedule')
ORDER BY scheduled_time LIMIT $4

-- name: select_last_tick
-- The newest row of job $1 that the schedule made before $2: it may cover more ticks than its own.
SELECT scheduled_time, execution_id, error_message, skipped_until FROM executions
WHERE job_id = $1 AND scheduled_time < $2 AND trigger = 'schedule'
ORDER BY scheduled_time DESC LIMIT 1

-- name: select_floor
-- Before this instant the ledger's months are gone; null: nothing is.
SELECT CASE WHEN isfinite(floor) THEN floor END FROM partition_floor

-- name: list_executions
-- By execution_id descending. One page looks at 10,000 attempts of the window at most, then the caller goes on from
-- select_executions_walk_end. $1 all teams, $2 team_id, $3 user_id, $4/$5 window of scheduled_time, $6 status or null,
-- $7 worker_id or null, $8 cursor execution_id, $9 limit
SELECT execution_id, job_id, worker_id, status, scheduled_time, start_time, end_time, duration_ms, exit_code, http_status,
    error_message, attempt_number, trigger, job_version, cancel_requested_at, skipped_count, skipped_until, created_at
FROM (
    SELECT * FROM executions
    WHERE scheduled_time >= $4 AND scheduled_time <= $5 AND execution_id < $8
    ORDER BY execution_id DESC LIMIT 10000) w
WHERE ($1 OR team_id = $2 OR (team_id IS NULL AND $2::bigint IS NULL AND user_id = $3))
  AND ($6::text IS NULL OR status = $6) AND ($7::text IS NULL OR worker_id = $7)
ORDER BY execution_id DESC LIMIT $9

-- name: select_executions_walk_end
-- Where a page of list_executions stops looking if it goes on behind it. $1/$2 window, $3 cursor execution_id
SELECT execution_id FROM executions
WHERE scheduled_time >= $1 AND scheduled_time <= $2 AND execution_id < $3
ORDER BY execution_id DESC OFFSET 9999 LIMIT 1

-- name: list_executions_of_job
-- The same of one job, found by the ledger key. $7 worker_id or null, $8 cursor, $9 limit, $10 job_id
SELECT execution_id, job_id, worker_id, status, scheduled_time, start_time, end_time, duration_ms, exit_code, http_status,
    error_message, attempt_number, trigger, job_version, cancel_requested_at, skipped_count, skipped_until, created_at
FROM executions
WHERE job_id = $10 AND scheduled_time >= $4 AND scheduled_time <= $5 AND execution_id < $8
  AND ($1 OR team_id = $2 OR (team_id IS NULL AND $2::bigint IS NULL AND user_id = $3))
  AND ($6::text IS NULL OR status = $6) AND ($7::text IS NULL OR worker_id = $7)
ORDER BY execution_id DESC LIMIT $9

-- name: oldest_available
-- For the gauges, by pool and priority: how many wait to be claimed, how many of them are not dispatched, and since when
-- the oldest waits. Counts no further than $1 of each: hops from one pair to the next over the open-work index.
WITH RECURSIVE pairs AS (
    (SELECT queue, priority FROM executions WHERE end_time IS NULL AND available_at IS NOT NULL
     ORDER BY queue, priority LIMIT 1)
    UNION ALL
    SELECT n.queue, n.priority FROM pairs p, LATERAL (
        SELECT e.queue, e.priority FROM executions e
        WHERE e.end_time IS NULL AND e.available_at IS NOT NULL AND (e.queue, e.priority) > (p.queue, p.priority)
        ORDER BY e.queue, e.priority LIMIT 1) n)
SELECT p.queue, p.priority, w.depth, w.undispatched, w.available_at
FROM pairs p, LATERAL (
    SELECT count(*) AS depth, count(*) FILTER (WHERE o.dispatched_at IS NULL) AS undispatched,
        min(o.available_at) AS available_at
    FROM (
        SELECT e.dispatched_at, e.available_at FROM executions e
        WHERE e.queue = p.queue AND e.priority = p.priority AND e.end_time IS NULL AND e.status = 'QUEUED'
          AND e.available_at <= now()
        ORDER BY e.available_at LIMIT $1) o) w
WHERE w.depth > 0
