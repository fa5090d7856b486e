-- name: list_versions
-- The versions of job $1 before version $2, newest first, each with the definition and the maker of its first row: a pause
-- opens a further row of the same version. Reads all rows of the job. $3 limit
SELECT /*:version_fields:*/
FROM (SELECT version, min(valid_from) AS valid_from FROM job_versions WHERE job_id = $1 AND version < $2
      GROUP BY version ORDER BY version DESC LIMIT $3) first
JOIN job_versions v ON v.job_id = $1 AND v.valid_from = first.valid_from
LEFT JOIN api_keys k ON k.key_id = v.key_id
ORDER BY v.version DESC

-- name: select_version
-- The version $2 of job $1, as list_versions gives it.
SELECT /*:version_fields:*/
FROM job_versions v LEFT JOIN api_keys k ON k.key_id = v.key_id
WHERE v.job_id = $1 AND v.version = $2 ORDER BY v.valid_from LIMIT 1

-- name: lock_restorable
-- As lock_visible, whether the job is deleted or not. $1 job_id, $2 all teams, $3 team_id, $4 user_id
SELECT locked.*, clock_timestamp() AS now FROM (
    SELECT j.* FROM jobs j
    WHERE j.job_id = $1 AND ($2 OR j.team_id = $3 OR (j.team_id IS NULL AND $3::bigint IS NULL AND j.user_id = $4))
    FOR NO KEY UPDATE) locked

-- name: select_former_status
-- The stored status of the deleted job $1 before it was deleted.
SELECT definition->>'previous_status' FROM job_versions WHERE job_id = $1 ORDER BY valid_from DESC LIMIT 1

-- name: list_restored
-- Lists the restored job $1 again.
INSERT INTO listed_jobs (created_at, job_id, owner)
SELECT created_at, job_id, COALESCE(team_id, -user_id) FROM jobs WHERE job_id = $1
