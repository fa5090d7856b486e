-- name: select_pending_jobs
-- Reads due jobs without locks, for the planner. Jobs that have been due for less than a minute, or become due within $3,
-- come first, so that a catch-up does not delay them; each part is oldest first. `now` is the database's clock, in the
-- first row alone. `open_since` is the oldest open run; the search ends one day ahead, so that PostgreSQL does not read
-- later months.
-- $1 limit of each part, $2 limit of both, $3 ahead (interval)
SELECT job_id, user_id, team_id, job_name, schedule, timezone, schedule_since, spread_key, next_run_time, overlap_policy,
    misfire_policy, misfire_grace_seconds, misfire_limit, dst_gap, dst_overlap, start_at, end_at, max_runs, runs_planned,
    jitter_seconds, pool, priority, shadow, version, request_id, traceparent, at, read_xmin, (
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

-- name: select_next_run_time
-- The database's clock, and the time when the next job is due.
SELECT clock_timestamp() AS now, (
    SELECT next_run_time FROM jobs
    WHERE status = 'PENDING' AND next_run_time IS NOT NULL AND deleted_at IS NULL
    ORDER BY next_run_time LIMIT 1) AS next_run_time

-- name: plan_plain_ticks
-- Plans one plain tick for each job that has nothing to wait for, in one statement: holds term and floor, locks the jobs,
-- inserts the executions, moves the jobs on.
-- It leaves out jobs that another transaction has locked, and jobs whose ctid or xmin differ from those read: everything
-- that opens a run of a job, or changes when it fires, writes the job's row. A tick that already has its execution makes
-- the statement fail; a look beforehand would cost a fifth of the statement.
-- No row: the term has passed. A row without an execution_id: nothing was inserted. `floor` is null if it is $2.
-- $1 term, $2 floor as known; arrays, one element per job:
-- $3 ctid, $4 xmin, $5 next_run_time; arrays, or null if every element is null: $6 true if it is not dispatched yet,
-- $7 available_at if it is not the tick, $8 open_since if it is not the tick
WITH held AS MATERIALIZED (
    SELECT GREATEST(p.floor, '0001-01-01Z') AS floor, $2::timestamptz AS known
    FROM leader l, partition_floor p WHERE l.id = 1 AND l.term = $1 AND p.id = 1 FOR SHARE),
locked AS MATERIALIZED (
    SELECT j.ctid AS at, j.job_id, j.next_run_time AS tick, j.user_id, j.team_id, j.pool, j.priority, j.request_id,
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
    INSERT INTO executions (job_id, user_id, team_id, status, scheduled_time, pool, priority, available_at, dispatched_at,
        request_id, traceparent, term)
    SELECT job_id, user_id, team_id, 'QUEUED', tick, pool, priority, available_at,
        CASE WHEN withheld IS NOT TRUE THEN clock_timestamp() END, request_id, traceparent, $1
    FROM locked
    RETURNING execution_id, job_id)
SELECT NULLIF(h.floor, h.known) AS floor, i.* FROM held h LEFT JOIN inserted i ON true

-- name: hold_and_lock_due_jobs
-- Does hold_term, hold_floor and lock_due_jobs in one statement. No row: the term has passed. A row without a job: other
-- transactions hold all of the jobs.
-- $1 job_ids, $2 term
WITH held AS MATERIALIZED (
    SELECT GREATEST(p.floor, '0001-01-01Z') AS floor
    FROM leader l, partition_floor p WHERE l.id = 1 AND l.term = $2 AND p.id = 1 FOR SHARE)
SELECT h.floor, j.* FROM held h LEFT JOIN LATERAL (
    SELECT job_id, version, next_run_time, status, deleted_at FROM jobs
    WHERE job_id = ANY ($1::bigint[])
    ORDER BY job_id FOR NO KEY UPDATE SKIP LOCKED) j ON true

-- name: lock_due_jobs
-- Locks the given jobs, except those that another transaction holds. The key is the only condition: one on status or
-- deleted_at could make PostgreSQL walk a partial index instead.
-- $1 job_ids
SELECT job_id, version, next_run_time, status, deleted_at FROM jobs
WHERE job_id = ANY ($1::bigint[])
ORDER BY job_id FOR NO KEY UPDATE SKIP LOCKED

-- name: select_open_runs
-- The oldest open run of each locked job (null: none), and whether a run waits for an earlier one. $1 job_ids
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

-- name: select_begun
-- The moment from which a run that is open now has been there, of each locked job: ticks of a gap that lie before it did
-- not meet it. A retry's run is as old as its tick; a replay opens its run again, and a caught-up run is younger than its
-- tick. $1 job_ids
SELECT j.job_id, (
    SELECT min(CASE WHEN e.trigger = 'retry' THEN e.scheduled_time ELSE e.created_at END) FROM executions e
    WHERE e.job_id = j.job_id AND e.scheduled_time >= j.open_since
      AND e.scheduled_time <= now() + INTERVAL '1 day' AND e.end_time IS NULL) AS begun
FROM jobs j WHERE j.job_id = ANY ($1::bigint[]) AND j.open_since IS NOT NULL

-- name: insert_planned
-- Inserts the ticks of a batch and moves their locked jobs on, with one write per job. A tick that already has its
-- execution is left out.
-- Arrays, one element per tick:
-- $1 job_id, $2 user_id, $3 team_id, $4 status, $5 scheduled_time, $6 error_message, $7 pool, $8 priority, $9 available_at,
-- $10 dispatch now, $11 skipped_count, $12 skipped_until, $13 request_id, $14 traceparent; $15 term; arrays, one element
-- per job: $16 job_id, $17 next_run_time, $18 last_run_time, $19 open_since, $20 runs planned
WITH inserted AS (
    INSERT INTO executions (job_id, user_id, team_id, status, scheduled_time, error_message, pool, priority, available_at,
        dispatched_at, end_time, skipped_count, skipped_until, request_id, traceparent, term)
    SELECT t.job_id, t.user_id, t.team_id, t.status, t.scheduled_time, t.error_message, t.pool, t.priority,
        t.available_at, CASE WHEN t.dispatch THEN clock_timestamp() END,
        CASE WHEN t.status = 'SKIPPED' THEN clock_timestamp() END, t.skipped_count, t.skipped_until, t.request_id,
        t.traceparent, $15
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::timestamptz[], $6::text[], $7::text[],
        $8::int[], $9::timestamptz[], $10::bool[], $11::bigint[], $12::timestamptz[], $13::text[], $14::text[])
        AS t (job_id, user_id, team_id, status, scheduled_time, error_message, pool, priority, available_at, dispatch,
              skipped_count, skipped_until, request_id, traceparent)
    ON CONFLICT DO NOTHING
    RETURNING execution_id, job_id, scheduled_time, attempt_number, pool, priority, available_at, dispatched_at, status),
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

-- name: fail_unplannable
-- Fails a job that cannot be planned, unless the job has changed since. $1 job_id, $2 version as read
UPDATE jobs SET status = 'FAILED', next_run_time = NULL WHERE job_id = $1 AND version = $2 AND status = 'PENDING'
RETURNING job_id, user_id, team_id
