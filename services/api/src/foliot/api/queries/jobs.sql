-- name: select_job
-- One visible job with its status derived. $1 job_id, $2 all teams, $3 team_id, $4 user_id
SELECT w.*, COALESCE(open.status, w.status) AS derived_status
FROM jobs w
/*:open_of_job:*/
WHERE w.job_id = $1 AND w.deleted_at IS NULL
  AND ($2 OR w.team_id = $3 OR (w.team_id IS NULL AND $3::bigint IS NULL AND w.user_id = $4))

-- name: list_jobs
-- Newest first, everybody's. One page looks at 10,000 jobs at most, then the caller goes on from select_walk_end.
-- $1 stored status or null, $2 job_type or null, $3 part of the name or null, $4 priority or null, $5/$6 created after and
-- before, $7 labels, $8 limit, $9/$10 cursor (created_at, job_id)
SELECT w.*, COALESCE(open.status, w.status) AS derived_status
FROM (
    SELECT created_at, job_id FROM listed_jobs
    WHERE (created_at, job_id) < ($9, $10) AND created_at > $5 AND created_at < $6
    ORDER BY created_at DESC, job_id DESC LIMIT 10000) l
JOIN jobs w ON w.job_id = l.job_id AND w.deleted_at IS NULL
/*:open_of_job:*/
WHERE ($1::text IS NULL OR w.status = $1) AND ($1::text IS DISTINCT FROM 'PENDING' OR open.status IS NULL)
  AND /*:job_filter:*/
ORDER BY l.created_at DESC, l.job_id DESC LIMIT $8

-- name: list_owned_jobs
-- The same of one owner. $11 the team_id, or minus the user_id of jobs without a team
SELECT w.*, COALESCE(open.status, w.status) AS derived_status
FROM (
    SELECT created_at, job_id FROM listed_jobs
    WHERE owner = $11 AND (created_at, job_id) < ($9, $10) AND created_at > $5 AND created_at < $6
    ORDER BY created_at DESC, job_id DESC LIMIT 10000) l
JOIN jobs w ON w.job_id = l.job_id AND w.deleted_at IS NULL
/*:open_of_job:*/
WHERE ($1::text IS NULL OR w.status = $1) AND ($1::text IS DISTINCT FROM 'PENDING' OR open.status IS NULL)
  AND /*:job_filter:*/
ORDER BY l.created_at DESC, l.job_id DESC LIMIT $8

-- name: select_walk_end
-- The last job that a whole page of list_jobs looks at: the next page begins behind it. $1/$2 cursor, $3 created after
SELECT created_at, job_id FROM listed_jobs
WHERE (created_at, job_id) < ($1, $2) AND created_at > $3
ORDER BY created_at DESC, job_id DESC OFFSET 9999 LIMIT 1

-- name: select_owned_walk_end
-- $4 owner
SELECT created_at, job_id FROM listed_jobs
WHERE owner = $4 AND (created_at, job_id) < ($1, $2) AND created_at > $3
ORDER BY created_at DESC, job_id DESC OFFSET 9999 LIMIT 1

-- name: list_open_jobs
-- Newest first, RUNNING or QUEUED: found from open executions, so that its cost does not grow with the number of jobs.
-- $1-$8 as above, $9/$10 cursor,
-- $11 owner or null
SELECT w.*, $1 AS derived_status
FROM (
    SELECT job_id, /*:open_status:*/ AS status
    FROM (
        SELECT job_id, status, team_id, user_id FROM executions WHERE end_time IS NULL AND available_at IS NOT NULL
        UNION ALL
        SELECT job_id, status, team_id, user_id FROM executions WHERE end_time IS NULL AND available_at IS NULL) e
    WHERE $11::bigint IS NULL OR COALESCE(team_id, -user_id) = $11 GROUP BY job_id) open
JOIN jobs w ON w.job_id = open.job_id
WHERE open.status = $1 AND w.status = 'PENDING' AND w.deleted_at IS NULL
  AND (w.created_at, w.job_id) < ($9, $10) AND w.created_at > $5 AND w.created_at < $6
  AND /*:job_filter:*/
ORDER BY w.created_at DESC, w.job_id DESC LIMIT $8

-- name: list_sorted_jobs
-- Everybody's, by name or next_run_time: reads all jobs. $1-$8 as above, $9 sort, $10/$11 cursor (sort_key, job_id)
SELECT w.*, COALESCE(open.status, w.status) AS derived_status
FROM (
    SELECT *, CASE WHEN $9 = 'job_name' THEN job_name
        ELSE COALESCE(to_char(next_run_time AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), '~') END COLLATE "C" AS sort_key
    FROM jobs WHERE deleted_at IS NULL AND created_at > $5 AND created_at < $6) w
/*:open_of_job:*/
WHERE (w.sort_key, w.job_id) > ($10, $11) AND ($1::text IS NULL OR COALESCE(open.status, w.status) = $1)
  AND /*:job_filter:*/
ORDER BY w.sort_key, w.job_id LIMIT $8

-- name: list_owned_sorted_jobs
-- One owner's, by name or next_run_time: reads all of that owner's jobs. $11 owner, $10/$12 cursor
SELECT w.*, COALESCE(open.status, w.status) AS derived_status
FROM (
    SELECT j.*, CASE WHEN $9 = 'job_name' THEN j.job_name
        ELSE COALESCE(to_char(j.next_run_time AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), '~') END COLLATE "C" AS sort_key
    FROM listed_jobs l JOIN jobs j ON j.job_id = l.job_id AND j.deleted_at IS NULL
    WHERE l.owner = $11 AND l.created_at > $5 AND l.created_at < $6) w
/*:open_of_job:*/
WHERE (w.sort_key, w.job_id) > ($10, $12) AND ($1::text IS NULL OR COALESCE(open.status, w.status) = $1)
  AND /*:job_filter:*/
ORDER BY w.sort_key, w.job_id LIMIT $8
