-- name: select_job
-- One job that the caller may see, with its status derived. $1 job_id, $2 all teams, $3 team_id, $4 user_id
SELECT w.*, COALESCE(open.status, w.status) AS derived_status, /*:pause:*/ AS paused,
    /*:last_status:*/ AS last_status
FROM jobs w
/*:open_of_job:*/
WHERE w.job_id = $1 AND w.deleted_at IS NULL
  AND ($2 OR w.team_id = $3 OR (w.team_id IS NULL AND $3::bigint IS NULL AND w.user_id = $4))

-- name: select_last_statuses
-- The outcomes of the last runs of the jobs $1.
SELECT w.job_id, /*:last_status:*/ AS last_status FROM jobs w WHERE w.job_id = ANY ($1::bigint[])

-- name: select_payloads
-- The payloads of the jobs $1, and their sizes as text.
SELECT job_id, payload, octet_length(payload::text) AS size FROM jobs WHERE job_id = ANY ($1::bigint[])

-- name: select_sizes
-- The sizes of their payloads, as text, of those of the jobs $1 that the caller may see.
-- $2 all teams, $3 team_id, $4 user_id
SELECT w.job_id, octet_length(w.payload::text) AS size FROM jobs w
WHERE w.job_id = ANY ($1::bigint[]) AND w.deleted_at IS NULL
  AND ($2 OR w.team_id = $3 OR (w.team_id IS NULL AND $3::bigint IS NULL AND w.user_id = $4))

-- name: list_jobs
-- Jobs of all teams, newest first. One page reads at most 10,000 jobs; the caller then goes on from select_walk_end.
-- $1 stored status or null, $2 job_type or null, $3 part of the name or null, $4 priority or null, $5/$6 created after and
-- before, $7 labels, $8 job_key or null, $9 pool or null, $10 last_status (several) or null, $11 set or null,
-- $12 limit, $13/$14 cursor (created_at, job_id)
SELECT /*:job_columns:*/, COALESCE(open.status, w.status) AS derived_status
FROM (
    SELECT created_at, job_id FROM listed_jobs
    WHERE (created_at, job_id) < ($13, $14) AND created_at > $5 AND created_at < $6
    ORDER BY created_at DESC, job_id DESC LIMIT 10000) l
JOIN jobs w ON w.job_id = l.job_id AND w.deleted_at IS NULL
/*:open_of_job:*/
WHERE ($1::text IS NULL OR w.status = $1) AND ($1::text IS DISTINCT FROM 'PENDING' OR open.status IS NULL)
  AND /*:job_filter:*/
ORDER BY l.created_at DESC, l.job_id DESC LIMIT $12

-- name: list_owned_jobs
-- As list_jobs, for one owner. $15 owner: the team_id, or minus the user_id of jobs without a team
SELECT /*:job_columns:*/, COALESCE(open.status, w.status) AS derived_status
FROM (
    SELECT created_at, job_id FROM listed_jobs
    WHERE owner = $15 AND (created_at, job_id) < ($13, $14) AND created_at > $5 AND created_at < $6
    ORDER BY created_at DESC, job_id DESC LIMIT 10000) l
JOIN jobs w ON w.job_id = l.job_id AND w.deleted_at IS NULL
/*:open_of_job:*/
WHERE ($1::text IS NULL OR w.status = $1) AND ($1::text IS DISTINCT FROM 'PENDING' OR open.status IS NULL)
  AND /*:job_filter:*/
ORDER BY l.created_at DESC, l.job_id DESC LIMIT $12

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

-- name: list_keyed_jobs
-- The jobs with the job_key $8, newest first: at most one of each owner, found by the key. Without an owner it steps from
-- one owner of keyed jobs to the next. $1 derived status or null, $2 to $14 as in list_jobs, $15 owner or null
WITH RECURSIVE owners AS (
    (SELECT COALESCE(team_id, -user_id) AS owner FROM jobs WHERE job_key IS NOT NULL AND deleted_at IS NULL
     ORDER BY COALESCE(team_id, -user_id), job_key LIMIT 1)
    UNION ALL
    SELECT (SELECT COALESCE(j.team_id, -j.user_id) FROM jobs j
            WHERE j.job_key IS NOT NULL AND j.deleted_at IS NULL AND COALESCE(j.team_id, -j.user_id) > o.owner
            ORDER BY COALESCE(j.team_id, -j.user_id), j.job_key LIMIT 1)
    FROM owners o WHERE o.owner IS NOT NULL)
SELECT /*:job_columns:*/, COALESCE(open.status, w.status) AS derived_status
FROM (SELECT $15::bigint AS owner WHERE $15::bigint IS NOT NULL
      UNION ALL SELECT owner FROM owners WHERE $15::bigint IS NULL AND owner IS NOT NULL) o
JOIN jobs w ON COALESCE(w.team_id, -w.user_id) = o.owner AND w.job_key = $8 AND w.deleted_at IS NULL
/*:open_of_job:*/
WHERE ($1::text IS NULL OR COALESCE(open.status, w.status) = $1)
  AND (w.created_at, w.job_id) < ($13, $14) AND w.created_at > $5 AND w.created_at < $6
  AND /*:job_filter:*/
ORDER BY w.created_at DESC, w.job_id DESC LIMIT $12

-- name: list_jobs_of_set
-- The jobs of the set $11, newest first. Reads all of the set.
-- $1 derived status or null, $2 to $14 as in list_jobs, $15 owner or null
SELECT /*:job_columns:*/, COALESCE(open.status, w.status) AS derived_status
FROM jobs w
/*:open_of_job:*/
WHERE w.set IS NOT NULL AND w.set = $11 AND ($15::bigint IS NULL OR COALESCE(w.team_id, -w.user_id) = $15)
  AND w.deleted_at IS NULL AND ($1::text IS NULL OR COALESCE(open.status, w.status) = $1)
  AND (w.created_at, w.job_id) < ($13, $14) AND w.created_at > $5 AND w.created_at < $6
  AND /*:job_filter:*/
ORDER BY w.created_at DESC, w.job_id DESC LIMIT $12

-- name: list_open_jobs
-- RUNNING or QUEUED jobs, newest first. Starts from the open work, so its cost does not depend on the number of jobs.
-- $1 RUNNING or QUEUED, $2 to $12 as in list_jobs, $13/$14 cursor (created_at, job_id), $15 owner or null
SELECT /*:job_columns:*/, $1 AS derived_status
FROM (
    SELECT job_id, /*:open_status:*/ AS status
    FROM (
        SELECT job_id, status, team_id, user_id FROM executions WHERE end_time IS NULL AND available_at IS NOT NULL
        UNION ALL
        SELECT job_id, status, team_id, user_id FROM executions WHERE end_time IS NULL AND available_at IS NULL) e
    WHERE $15::bigint IS NULL OR COALESCE(team_id, -user_id) = $15 GROUP BY job_id) open
JOIN jobs w ON w.job_id = open.job_id
WHERE open.status = $1 AND w.status = 'PENDING' AND w.deleted_at IS NULL
  AND (w.created_at, w.job_id) < ($13, $14) AND w.created_at > $5 AND w.created_at < $6
  AND /*:job_filter:*/
ORDER BY w.created_at DESC, w.job_id DESC LIMIT $12

-- name: list_sorted_jobs
-- Jobs of all teams by name, next_run_time or last_run_time. Reads all of them.
-- $1 derived status or null, $2 to $12 as in list_jobs, $13 sort, $14/$15 cursor (sort_key, job_id)
SELECT /*:job_columns:*/, COALESCE(open.status, w.status) AS derived_status, w.sort_key
FROM (SELECT j.*, /*:sort_key:*/ AS sort_key
      FROM jobs j WHERE j.deleted_at IS NULL AND j.created_at > $5 AND j.created_at < $6) w
/*:open_of_job:*/
WHERE (w.sort_key, w.job_id) > ($14, $15) AND ($1::text IS NULL OR COALESCE(open.status, w.status) = $1)
  AND /*:job_filter:*/
ORDER BY w.sort_key, w.job_id LIMIT $12

-- name: list_owned_sorted_jobs
-- As list_sorted_jobs, for one owner. Reads all of the owner's jobs. $14/$15 cursor (sort_key, job_id), $16 owner
SELECT /*:job_columns:*/, COALESCE(open.status, w.status) AS derived_status, w.sort_key
FROM (SELECT j.*, /*:sort_key:*/ AS sort_key
      FROM listed_jobs l JOIN jobs j ON j.job_id = l.job_id AND j.deleted_at IS NULL
      WHERE l.owner = $16 AND l.created_at > $5 AND l.created_at < $6) w
/*:open_of_job:*/
WHERE (w.sort_key, w.job_id) > ($14, $15) AND ($1::text IS NULL OR COALESCE(open.status, w.status) = $1)
  AND /*:job_filter:*/
ORDER BY w.sort_key, w.job_id LIMIT $12
