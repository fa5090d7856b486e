-- name: take_term
-- Takes leadership with a new term, unless a newer candidacy holds it. Waits for every transaction that holds the row FOR
-- SHARE.
-- $1 scheduler_id, $2 czxid, $3 ensemble_id
WITH won AS (
    UPDATE leader SET term = term + 1, scheduler_id = $1, czxid = $2, ensemble_id = $3, since = clock_timestamp()
    WHERE id = 1 AND (ensemble_id <> $3 OR czxid < $2)
    RETURNING term, since)
INSERT INTO leader_terms (term, scheduler_id, czxid, ensemble_id, since)
SELECT term, $1, $2, $3, since FROM won
RETURNING term

-- name: hold_term
-- Fences a leader's transaction: if a row is returned, term $1 lasts until this transaction ends.
SELECT term FROM leader WHERE id = 1 AND term = $1 FOR SHARE

-- name: beat_scheduler
-- The heartbeat of one scheduler. `planned_ago`: seconds since any scheduler planned; a time that lies ahead, since the
-- clock went back, is not known.
-- $1 scheduler_id, $2 seconds since its planner ended a step (null: it is a standby)
INSERT INTO schedulers AS s (scheduler_id, planned_at) VALUES ($1, clock_timestamp() - make_interval(secs => $2))
ON CONFLICT (scheduler_id) DO UPDATE SET
    last_heartbeat = clock_timestamp(), planned_at = COALESCE(EXCLUDED.planned_at, s.planned_at)
RETURNING clock_timestamp() AS now, date_part('epoch', clock_timestamp() - (
    SELECT max(planned_at) FROM (
        SELECT planned_at FROM schedulers UNION ALL SELECT s.planned_at) p
    WHERE planned_at <= clock_timestamp())) AS planned_ago

-- name: forget_scheduler
-- Removes a scheduler that stops. $1 scheduler_id
DELETE FROM schedulers WHERE scheduler_id = $1

-- name: forget_silent_schedulers
-- Removes schedulers that have been silent for an hour.
DELETE FROM schedulers WHERE last_heartbeat < now() - INTERVAL '1 hour'

-- name: list_schedulers
-- Schedulers with a heartbeat in the last 15 seconds. The leader is the one that holds the current term and has planned,
-- or taken the term, within that time. A scheduler of the former release does not say when it planned.
SELECT s.scheduler_id, CASE WHEN l.term IS NULL THEN 'standby' ELSE 'leader' END AS role, l.term,
    COALESCE(l.since, s.started_at) AS since, s.last_heartbeat
FROM schedulers s LEFT JOIN leader l ON l.scheduler_id = s.scheduler_id
    AND (s.planned_at IS NULL OR GREATEST(s.planned_at, l.since) > now() - INTERVAL '15 seconds')
WHERE s.last_heartbeat > now() - INTERVAL '15 seconds'
ORDER BY s.scheduler_id
