-- name: insert_pause
-- Notes the pause of the locked job $1, in place of a former one. $2 user_id, $3 key_id, $4 paused_at, $5 reason, $6 until
INSERT INTO pauses AS p (job_id, user_id, key_id, paused_at, reason, until) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (job_id) DO UPDATE SET
    pause_id = EXCLUDED.pause_id, user_id = EXCLUDED.user_id, key_id = EXCLUDED.key_id, paused_at = EXCLUDED.paused_at,
    reason = EXCLUDED.reason, until = EXCLUDED.until

-- name: delete_pauses
-- Forgets the pauses of the locked jobs $1.
DELETE FROM pauses WHERE job_id = ANY ($1::bigint[])

-- name: lock_ending
-- Locks jobs whose pause ends by itself by now, in the order of their keys, except those that another transaction holds,
-- and gives them with the database's clock after the lock. A job that is PAUSED no more is among them. $1 limit
SELECT locked.*, clock_timestamp() AS now FROM (
    SELECT j.* FROM jobs j
    WHERE j.job_id = ANY (ARRAY(
        SELECT p.job_id FROM pauses p WHERE p.until <= clock_timestamp() ORDER BY p.until, p.job_id LIMIT $1))
    ORDER BY j.job_id FOR NO KEY UPDATE SKIP LOCKED) locked

-- name: select_ending
-- Those of the locked jobs $1 whose pause ends by itself by now: somebody may have paused one again before it was locked.
SELECT job_id FROM pauses WHERE job_id = ANY ($1::bigint[]) AND until <= clock_timestamp()
