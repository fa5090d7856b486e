-- name: take_term
-- The winner's write; waits for every transaction that holds the row FOR SHARE. $1 scheduler_id, $2 czxid, $3 ensemble_id
WITH won AS (
    UPDATE leader SET term = term + 1, scheduler_id = $1, czxid = $2, ensemble_id = $3, since = clock_timestamp()
    WHERE id = 1 AND (ensemble_id <> $3 OR czxid < $2)
    RETURNING term, since)
INSERT INTO leader_terms (term, scheduler_id, czxid, ensemble_id, since)
SELECT term, $1, $2, $3, since FROM won
RETURNING term

-- name: hold_term
-- Fences a leader's transaction: a row means that term $1 stands until this transaction ends.
SELECT term FROM leader WHERE id = 1 AND term = $1 FOR SHARE

-- name: select_leader
SELECT term, scheduler_id, since FROM leader WHERE id = 1

-- name: beat_scheduler
-- $1 scheduler_id
INSERT INTO schedulers (scheduler_id) VALUES ($1)
ON CONFLICT (scheduler_id) DO UPDATE SET last_heartbeat = clock_timestamp()

-- name: forget_scheduler
DELETE FROM schedulers WHERE scheduler_id = $1

-- name: forget_silent_schedulers
DELETE FROM schedulers WHERE last_heartbeat < now() - INTERVAL '1 hour'

-- name: list_schedulers
-- Those that were heard of lately. A leader is one whose term stands.
SELECT s.scheduler_id, CASE WHEN l.scheduler_id IS NULL THEN 'standby' ELSE 'leader' END AS role, l.term,
    COALESCE(l.since, s.started_at) AS since, s.last_heartbeat
FROM schedulers s LEFT JOIN leader l ON l.scheduler_id = s.scheduler_id
WHERE s.last_heartbeat > now() - INTERVAL '15 seconds'
ORDER BY s.scheduler_id

-- name: ensure_partitions
-- Months of $1 from $2 to $3; gives how many were made.
SELECT ensure_partitions($1, $2, $3)

-- name: select_now
SELECT clock_timestamp()

-- name: select_tzdata
-- The tzdata that next_run_time was computed with; null: not known.
SELECT version FROM tzdata WHERE id = 1

-- name: update_tzdata
UPDATE tzdata SET version = $1, since = clock_timestamp() WHERE id = 1

-- name: estimate_rows
-- Rows of jobs and executions as the planner estimates them: a gauge must not count.
SELECT 'jobs' AS name, GREATEST(0, reltuples)::bigint AS rows FROM pg_class WHERE oid = 'jobs'::regclass
UNION ALL
SELECT 'executions', COALESCE(sum(GREATEST(0, c.reltuples)), 0)::bigint
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'executions'::regclass

-- name: select_replicas
-- The streaming replicas and how far behind they are. A stalled one reports nothing: then its silence counts.
SELECT application_name AS replica, pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::float8 AS bytes,
    CASE WHEN replay_lsn = pg_current_wal_lsn() THEN 0
         ELSE GREATEST(extract(epoch FROM replay_lag), extract(epoch FROM clock_timestamp() - reply_time), 0)::float8
    END AS seconds
FROM pg_stat_replication WHERE state = 'streaming' AND replay_lsn IS NOT NULL

-- name: select_partition_ends
-- Up to when each partitioned table has months.
SELECT p.relname AS name, max((regexp_match(pg_get_expr(c.relpartbound, c.oid), $$TO \('([^']+)'\)$$))[1]::timestamptz) AS until
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
WHERE p.oid IN ('executions'::regclass, 'audit_logs'::regclass)
GROUP BY p.relname
