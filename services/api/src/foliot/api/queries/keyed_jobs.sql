-- name: find_job
-- The job with a key: at most one of each owner. $1 owner: the team_id, or minus the user_id of jobs without a team, $2 key
SELECT job_id FROM jobs WHERE COALESCE(team_id, -user_id) = $1 AND job_key = $2 AND deleted_at IS NULL

-- name: find_deleted_job
-- As find_job, among deleted jobs: the one that was deleted last.
SELECT job_id FROM jobs WHERE COALESCE(team_id, -user_id) = $1 AND job_key = $2 AND deleted_at IS NOT NULL
ORDER BY deleted_at DESC LIMIT 1
