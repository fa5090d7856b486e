-- name: select_execution
-- One execution that the caller may see, with its logs and the payload that it ran with: that of its run, else that of the
-- definition which it was claimed with. $1 execution_id, $2 all teams, $3 team_id, $4 user_id
SELECT /*:execution_columns:*/, e.logs, COALESCE(e.override->'payload', CASE WHEN e.job_version = j.version THEN j.payload
    ELSE (SELECT v.definition->'payload' FROM job_versions v
          WHERE v.job_id = e.job_id AND v.version = e.job_version ORDER BY v.valid_from LIMIT 1) END) AS payload
FROM executions e LEFT JOIN jobs j ON j.job_id = e.job_id
WHERE e.execution_id = $1 AND ($2 OR e.team_id = $3 OR (e.team_id IS NULL AND $3::bigint IS NULL AND e.user_id = $4))

-- name: select_ended
-- Which of the awaited runs and attempts have ended, by their places in the arrays. A run between two attempts has not: the
-- next one is inserted in the transaction in which the former ended. One look by the ledger key each.
-- $1 job_ids, $2 scheduled_times, $3 attempt_numbers (null: the whole run)
SELECT a.place
FROM unnest($1::bigint[], $2::timestamptz[], $3::int[]) WITH ORDINALITY AS a (job_id, scheduled_time, attempt_number, place)
WHERE COALESCE((
    SELECT false FROM executions e
    WHERE e.job_id = a.job_id AND e.scheduled_time = a.scheduled_time AND e.end_time IS NULL
      AND (a.attempt_number IS NULL OR e.attempt_number = a.attempt_number)
    LIMIT 1), true)

-- name: list_by_job
-- Executions of one job, newest first. $1 job_id, $2/$3 cursor (scheduled_time, attempt_number), $4 limit
SELECT /*:execution_columns:*/
FROM executions e LEFT JOIN jobs j ON j.job_id = e.job_id
WHERE e.job_id = $1 AND (e.scheduled_time, e.attempt_number) < ($2, $3)
ORDER BY e.scheduled_time DESC, e.attempt_number DESC LIMIT $4

-- name: list_executions
-- Executions in a window of scheduled_time, by execution_id descending. One page reads at most 10,000 executions of the
-- window; the caller then goes on from select_executions_walk_end.
-- $1 all teams, $2 team_id, $3 user_id, $4/$5 window of scheduled_time, $6 statuses or null, $7 worker_id or null, $8 cursor
-- (execution_id), $9 labels of the job or null, $10 limit
SELECT /*:execution_columns:*/
FROM (
    SELECT * FROM executions
    WHERE scheduled_time >= $4 AND scheduled_time <= $5 AND execution_id < $8
    ORDER BY execution_id DESC LIMIT 10000) e
LEFT JOIN jobs j ON j.job_id = e.job_id
WHERE ($1 OR e.team_id = $2 OR (e.team_id IS NULL AND $2::bigint IS NULL AND e.user_id = $3))
  AND /*:execution_filter:*/
ORDER BY e.execution_id DESC LIMIT $10

-- name: select_executions_walk_end
-- The execution at which a page of list_executions stops reading, if there are more behind it.
-- $1/$2 window, $3 cursor (execution_id)
SELECT execution_id FROM executions
WHERE scheduled_time >= $1 AND scheduled_time <= $2 AND execution_id < $3
ORDER BY execution_id DESC OFFSET 9999 LIMIT 1

-- name: list_executions_of_job
-- As list_executions, for one job, found by the ledger key. $1 to $10 as there, $11 job_id
SELECT /*:execution_columns:*/
FROM executions e LEFT JOIN jobs j ON j.job_id = e.job_id
WHERE e.job_id = $11 AND e.scheduled_time >= $4 AND e.scheduled_time <= $5 AND e.execution_id < $8
  AND ($1 OR e.team_id = $2 OR (e.team_id IS NULL AND $2::bigint IS NULL AND e.user_id = $3))
  AND /*:execution_filter:*/
ORDER BY e.execution_id DESC LIMIT $10

-- name: list_ticks
-- The ticks of job $1 in the ledger from $2 to $3, oldest first, each with its last attempt. $4 limit
SELECT /*:tick_columns:*/
FROM executions
WHERE job_id = $1 AND scheduled_time >= $2 AND scheduled_time <= $3
GROUP BY scheduled_time HAVING bool_or(trigger = 'schedule')
ORDER BY scheduled_time LIMIT $4

-- name: list_latest_ticks
-- As list_ticks, newest first.
SELECT /*:tick_columns:*/
FROM executions
WHERE job_id = $1 AND scheduled_time >= $2 AND scheduled_time <= $3
GROUP BY scheduled_time HAVING bool_or(trigger = 'schedule')
ORDER BY scheduled_time DESC LIMIT $4

-- name: select_last_tick
-- The newest scheduled row of job $1 before $2: a SKIPPED row may cover later ticks too.
SELECT scheduled_time, execution_id, error_message, skipped_until FROM executions
WHERE job_id = $1 AND scheduled_time < $2 AND trigger = 'schedule'
ORDER BY scheduled_time DESC LIMIT 1

-- name: select_floor
-- The floor of history: months before it were dropped. Null: none was.
SELECT CASE WHEN isfinite(floor) THEN floor END FROM partition_floor

-- name: list_job_versions
-- The versions of job $1 that decided its ticks from $2 to $3, oldest first. $4 limit
SELECT /*:version_columns:*/
FROM job_versions
WHERE job_id = $1 AND valid_from <= $3 AND (valid_to IS NULL OR valid_to >= $2)
ORDER BY valid_from LIMIT $4

-- name: list_latest_job_versions
-- As list_job_versions, newest first.
SELECT /*:version_columns:*/
FROM job_versions
WHERE job_id = $1 AND valid_from <= $3 AND (valid_to IS NULL OR valid_to >= $2)
ORDER BY valid_from DESC LIMIT $4
