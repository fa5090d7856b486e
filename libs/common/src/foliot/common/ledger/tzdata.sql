-- name: select_tzdata
-- The tzdata version that next_run_time was computed with; null: unknown.
SELECT version FROM tzdata WHERE id = 1

-- name: update_tzdata
-- Stores the tzdata version that next_run_time was computed with. $1 version
UPDATE tzdata SET version = $1, since = clock_timestamp() WHERE id = 1

-- name: select_zoned_jobs
-- Armed jobs whose next tick lies ahead and may depend on a time zone's rules. $1 after this job_id, $2 limit
SELECT job_id, version, team_id, job_name, schedule, timezone, schedule_since, spread_key, next_run_time, dst_gap,
    dst_overlap, start_at, end_at, clock_timestamp() AS now
FROM jobs
WHERE job_id > $1 AND status = 'PENDING' AND next_run_time > now() AND deleted_at IS NULL AND timezone <> 'UTC'
ORDER BY job_id LIMIT $2

-- name: move_jobs
-- Sets next_run_time of the locked jobs $1 to $2.
UPDATE jobs j SET next_run_time = u.next_run_time
FROM unnest($1::bigint[], $2::timestamptz[]) AS u (job_id, next_run_time)
WHERE j.job_id = u.job_id
