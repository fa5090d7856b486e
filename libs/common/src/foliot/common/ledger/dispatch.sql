-- name: survey_open_work
-- Surveys each pool and priority with open work: the number of rows that are dispatched and unclaimed (the window);
-- `waits_since`, the available_at of the oldest undispatched row, among the rows that are available within $2; and the next
-- available_at after those. Reads at most $1 rows of each pair, and hops from one pair to the next over the open-work
-- index.
-- $1 rows per pair, $2 ahead (interval)
WITH RECURSIVE pairs AS (
    (SELECT pool, priority FROM executions WHERE end_time IS NULL AND available_at IS NOT NULL
     ORDER BY pool, priority LIMIT 1)
    UNION ALL
    SELECT n.pool, n.priority FROM pairs p, LATERAL (
        SELECT e.pool, e.priority FROM executions e
        WHERE e.end_time IS NULL AND e.available_at IS NOT NULL AND (e.pool, e.priority) > (p.pool, p.priority)
        ORDER BY e.pool, e.priority LIMIT 1) n)
SELECT p.pool, p.priority, w.dispatched, w.waits_since, f.available_at, clock_timestamp() AS now
FROM pairs p, LATERAL (
    SELECT count(*) FILTER (WHERE o.dispatched_at IS NOT NULL) AS dispatched,
        min(o.available_at) FILTER (WHERE o.dispatched_at IS NULL) AS waits_since
    FROM (
        SELECT e.status, e.dispatched_at, e.available_at FROM executions e
        WHERE e.pool = p.pool AND e.priority = p.priority AND e.end_time IS NULL AND e.available_at <= now() + $2
        ORDER BY e.available_at LIMIT $1) o
    WHERE o.status = 'QUEUED') w
LEFT JOIN LATERAL (
    SELECT e.available_at FROM executions e
    WHERE e.pool = p.pool AND e.priority = p.priority AND e.end_time IS NULL AND e.available_at > now() + $2
    ORDER BY e.available_at LIMIT 1) f ON true

-- name: take_backlog
-- Dispatches rows of one pool and priority, oldest first: those that are available within $4 and not dispatched yet. The
-- index is read from $5 on, because all rows before it are dispatched.
-- $1 pool, $2 priority, $3 limit, $4 ahead (interval), $5 waits_since of survey_open_work
WITH best AS (
    SELECT execution_id, scheduled_time FROM executions
    WHERE pool = $1 AND priority = $2 AND end_time IS NULL AND available_at <= now() + $4 AND available_at >= $5
      AND status = 'QUEUED' AND dispatched_at IS NULL
    ORDER BY available_at LIMIT $3
    FOR NO KEY UPDATE SKIP LOCKED)
UPDATE executions e SET dispatched_at = clock_timestamp()
FROM best
WHERE e.execution_id = best.execution_id AND e.scheduled_time = best.scheduled_time
RETURNING e.execution_id, e.job_id, e.scheduled_time, e.attempt_number, e.pool, e.priority, e.available_at

-- name: select_dispatched
-- Rows that a former leader dispatched and nobody has claimed: a new leader sends each of them once more. $1 limit
SELECT execution_id, job_id, scheduled_time, attempt_number, pool, priority, available_at FROM executions
WHERE end_time IS NULL AND available_at IS NOT NULL AND status = 'QUEUED' AND dispatched_at IS NOT NULL
ORDER BY priority DESC, available_at LIMIT $1

-- name: select_latest_claims
-- The newest dispatched_at among the latest 1,000 claimed executions, by pool and priority. An unclaimed row that was
-- dispatched long before it is lost.
SELECT pool, priority, max(dispatched_at) AS dispatched_at, clock_timestamp() AS now FROM (
    SELECT pool, priority, dispatched_at FROM executions
    WHERE claim IS NOT NULL ORDER BY execution_id DESC LIMIT 1000) lately
GROUP BY pool, priority

-- name: take_undelivered
-- Dispatches again the rows whose messages are known to be lost: dispatched before $3 and never claimed.
-- $1 pool, $2 priority, $3 dispatched before, $4 limit
WITH lost AS (
    SELECT execution_id, scheduled_time FROM executions
    WHERE pool = $1 AND priority = $2 AND end_time IS NULL AND available_at <= now()
      AND status = 'QUEUED' AND dispatched_at < $3
    ORDER BY available_at LIMIT $4
    FOR NO KEY UPDATE SKIP LOCKED)
UPDATE executions e SET dispatched_at = clock_timestamp()
FROM lost
WHERE e.execution_id = lost.execution_id AND e.scheduled_time = lost.scheduled_time
RETURNING e.execution_id, e.job_id, e.scheduled_time, e.attempt_number, e.pool, e.priority, e.available_at

-- name: count_backlog
-- Counts the backlog of each pool and priority, for the gauges: the rows that wait to be claimed, those of them that are
-- not dispatched, and the available_at of the oldest. Reads at most $1 rows of each pair, and hops from one pair to the
-- next over the open-work index.
-- $1 rows per pair
WITH RECURSIVE pairs AS (
    (SELECT pool, priority FROM executions WHERE end_time IS NULL AND available_at IS NOT NULL
     ORDER BY pool, priority LIMIT 1)
    UNION ALL
    SELECT n.pool, n.priority FROM pairs p, LATERAL (
        SELECT e.pool, e.priority FROM executions e
        WHERE e.end_time IS NULL AND e.available_at IS NOT NULL AND (e.pool, e.priority) > (p.pool, p.priority)
        ORDER BY e.pool, e.priority LIMIT 1) n)
SELECT p.pool, p.priority, w.depth, w.undispatched, w.available_at
FROM pairs p, LATERAL (
    SELECT count(*) AS depth, count(*) FILTER (WHERE o.dispatched_at IS NULL) AS undispatched,
        min(o.available_at) AS available_at
    FROM (
        SELECT e.dispatched_at, e.available_at FROM executions e
        WHERE e.pool = p.pool AND e.priority = p.priority AND e.end_time IS NULL AND e.status = 'QUEUED'
          AND e.available_at <= now()
        ORDER BY e.available_at LIMIT $1) o) w
WHERE w.depth > 0
