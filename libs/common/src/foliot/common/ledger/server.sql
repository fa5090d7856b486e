-- name: select_now
-- The database's clock: it alone decides what is due.
SELECT clock_timestamp()

-- name: estimate_rows
-- Rows of jobs and executions as PostgreSQL's statistics estimate them: a gauge must not count the tables.
SELECT 'jobs' AS "table", GREATEST(0, reltuples)::bigint AS rows FROM pg_class WHERE oid = 'jobs'::regclass
UNION ALL
SELECT 'executions', COALESCE(sum(GREATEST(0, c.reltuples)), 0)::bigint
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'executions'::regclass

-- name: select_replicas
-- The streaming replicas and their lag. A stalled replica reports none: the time since its last reply counts then.
SELECT application_name AS replica, pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::float8 AS bytes,
    CASE WHEN replay_lsn = pg_current_wal_lsn() THEN 0
         ELSE GREATEST(extract(epoch FROM replay_lag), extract(epoch FROM clock_timestamp() - reply_time), 0)::float8
    END AS seconds
FROM pg_stat_replication WHERE state = 'streaming' AND replay_lsn IS NOT NULL
