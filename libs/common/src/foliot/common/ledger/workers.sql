-- name: beat_worker
-- The heartbeat of one worker process. $1 claim token, $2 worker_id, $3 pools, $4 slots, $5 running, $6 held, $7 data sources
INSERT INTO workers (claim, worker_id, pools, slots, running, held, datasources) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (claim) DO UPDATE SET running = $5, held = $6, last_heartbeat = clock_timestamp()

-- name: forget_worker
-- Removes a worker process that stops. $1 claim token
DELETE FROM workers WHERE claim = $1

-- name: select_dead_claims
-- Claim tokens without a heartbeat for the length of a lease. $1 lease in seconds
SELECT claim FROM workers WHERE last_heartbeat < clock_timestamp() - make_interval(secs => $1) ORDER BY claim

-- name: select_stray_claims
-- Claim tokens that hold running executions past their lease and have no row here: the worker was forgotten at its stop
-- before it could record them, or a claim arrived after its token was removed.
SELECT DISTINCT e.claim FROM executions e
WHERE e.end_time IS NULL AND e.available_at IS NOT NULL AND e.status = 'RUNNING' AND e.lease_until < clock_timestamp()
  AND NOT EXISTS (SELECT FROM workers w WHERE w.claim = e.claim)

-- name: forget_dead_claims
-- Removes the dead claim tokens that hold no running execution. They stay for a minute after their lease: a claim that
-- began while its token lived is over by then (statement_timeout is 5 s), and what it claimed is rescued.
-- $1 claim tokens, $2 lease in seconds
DELETE FROM workers w WHERE w.claim = ANY ($1::bigint[])
  AND w.last_heartbeat < clock_timestamp() - make_interval(secs => $2) - INTERVAL '1 minute'
  AND NOT EXISTS (
    SELECT FROM executions e WHERE e.end_time IS NULL AND e.available_at IS NOT NULL AND e.status = 'RUNNING' AND e.claim = w.claim)

-- name: sum_slots
-- Slots, held deliveries and number of the living workers, by pool. $1 lease in seconds
SELECT pool, sum(slots)::bigint AS slots, sum(held)::bigint AS held, count(*) AS workers
FROM workers, unnest(pools) AS pool
WHERE last_heartbeat >= clock_timestamp() - make_interval(secs => $1)
GROUP BY pool

-- name: list_workers
-- The living workers, of each worker_id its newest process. $1 lease in seconds
SELECT DISTINCT ON (worker_id) worker_id, pools, datasources, slots, running, last_heartbeat, started_at FROM workers
WHERE last_heartbeat >= clock_timestamp() - make_interval(secs => $1)
ORDER BY worker_id, last_heartbeat DESC
