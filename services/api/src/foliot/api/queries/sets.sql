-- name: select_taken
-- Those of the job_keys $2 that the owner $1 has used. One look-up a key, here and below: LIMIT keeps PostgreSQL from
-- reading all of the owner's jobs and comparing each with every key.
SELECT j.job_key FROM unnest($2::text[]) AS k (job_key)
CROSS JOIN LATERAL (
    SELECT job_key FROM jobs
    WHERE COALESCE(team_id, -user_id) = $1 AND job_key = k.job_key AND job_key IS NOT NULL AND deleted_at IS NULL
    LIMIT 1) j

-- name: select_keyed
-- The jobs of the owner $1 with the job_keys $2, without a lock.
SELECT j.* FROM unnest($2::text[]) AS k (job_key)
CROSS JOIN LATERAL (
    SELECT * FROM jobs
    WHERE COALESCE(team_id, -user_id) = $1 AND job_key = k.job_key AND job_key IS NOT NULL AND deleted_at IS NULL
    LIMIT 1) j

-- name: select_members
-- The jobs of the set $2 of the owner $1.
SELECT job_id, job_key, version FROM jobs
WHERE COALESCE(team_id, -user_id) = $1 AND set = $2 AND set IS NOT NULL AND deleted_at IS NULL
ORDER BY job_id
