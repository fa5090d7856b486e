-- name: select_job
-- One job that the caller may see, with its status derived. $1 job_id, $2 all teams, $3 team_id, $4 user_id
SELECT w.*, COALESCE(open.status, w.status) AS derived_status
FROM jobs w
/*:open_of_job:*/
WHERE w.job_id = $1 AND w.deleted_at IS NULL
  AND ($2 OR w.team_id = $3 OR (w.team_id IS NULL AND $3::bigint IS NULL AND w.user_id = $4))

-- name: list_jobs
-- Jobs of all teams, newest first. One page reads at most 10,000 jobs; the caller then goes on from select_walk_end.
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
-- As list_jobs, for one owner. $11 owner: the team_id, or minus the user_id of jobs without a team
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
-- The job at which a page of list_jobs stops reading, if there are more behind it.
-- $1/$2 cursor (created_at, job_id), $3 created after
SELECT created_at, job_id FROM listed_jobs
WHERE (created_at, job_id) < ($1, $2) AND created_at > $3
ORDER BY created_at DESC, job_id DESC OFFSET 9999 LIMIT 1

-- name: select_owned_walk_end
-- As select_walk_end, for one owner. $4 owner
SELECT created_at, job_id FROM listed_jobs
WHERE owner = $4 AND (created_at, job_id) < ($1, $2) AND created_at > $3
ORDER BY created_at DESC, job_id DESC OFFSET 9999 LIMIT 1

-- name: list_open_jobs
-- RUNNING or QUEUED jobs, newest first. Starts from the open work, so its cost does not depend on the number of jobs.
-- $1 RUNNING or QUEUED, $2 to $8 as in list_jobs, $9/$10 cursor (created_at, job_id), $11 owner or null
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
-- Jobs of all teams by name or next_run_time. Reads all of them.
-- $1 derived status or null, $2 to $8 as in list_jobs, $9 sort, $10/$11 cursor (sort_key, job_id)
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
-- As list_sorted_jobs, for one owner. Reads all of the owner's jobs. $10/$12 cursor (sort_key, job_id), $11 owner
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
