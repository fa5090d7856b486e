-- name: insert_dead_letters
-- Inserts a dead letter for each run that was given up.
-- $1 execution_ids, $2 scheduled_times, $3 fingerprints, $4/$5 earliest and latest scheduled_time
INSERT INTO dead_letters (execution_id, scheduled_time, job_id, user_id, team_id, attempt_number, status, error_message,
    fingerprint)
SELECT e.execution_id, e.scheduled_time, e.job_id, e.user_id, e.team_id, e.attempt_number, e.status, e.error_message,
    r.fingerprint
FROM unnest($1::bigint[], $2::timestamptz[], $3::text[]) AS r (execution_id, scheduled_time, fingerprint)
JOIN executions e ON e.execution_id = r.execution_id AND e.scheduled_time = r.scheduled_time
WHERE e.execution_id = ANY ($1) AND e.scheduled_time >= $4 AND e.scheduled_time <= $5
ON CONFLICT DO NOTHING

-- name: list_open
-- Open dead letters of all teams, newest first. $1/$2 cursor (dead_at, execution_id), $3 limit
SELECT execution_id, job_id, scheduled_time, attempt_number, status, error_message, fingerprint, dead_at FROM dead_letters
WHERE closed_at IS NULL AND (dead_at, execution_id) < ($1, $2)
ORDER BY dead_at DESC, execution_id DESC LIMIT $3

-- name: list_owned_open
-- Open dead letters of one owner, newest first.
-- $1/$2 cursor (dead_at, execution_id), $3 limit, $4 owner: the team_id, or minus the user_id of letters without a team
SELECT execution_id, job_id, scheduled_time, attempt_number, status, error_message, fingerprint, dead_at FROM dead_letters
WHERE COALESCE(team_id, -user_id) = $4 AND closed_at IS NULL AND (dead_at, execution_id) < ($1, $2)
ORDER BY dead_at DESC, execution_id DESC LIMIT $3

-- name: select_unsent
-- Open dead letters without a copy in dead_letter_queue. $1 limit
SELECT execution_id, job_id, scheduled_time, attempt_number, error_message FROM dead_letters
WHERE sent_at IS NULL AND closed_at IS NULL ORDER BY execution_id LIMIT $1

-- name: mark_sent
-- Notes that copies went to dead_letter_queue. $1 execution_ids
WITH unsent AS (
    SELECT execution_id FROM dead_letters WHERE execution_id = ANY ($1::bigint[]) AND sent_at IS NULL
    ORDER BY execution_id FOR NO KEY UPDATE)
UPDATE dead_letters d SET sent_at = clock_timestamp() FROM unsent WHERE d.execution_id = unsent.execution_id

-- name: select_matching
-- Open dead letters that match a selection, in the order in which jobs are locked, then oldest first.
-- $1 all teams, $2 team_id, $3 user_id, $4 execution_ids or null, $5 job_id or null, $6 fingerprint or null, $7/$8 dead_at
-- from and to or null, $9 limit
SELECT execution_id, job_id, scheduled_time, team_id FROM dead_letters
WHERE closed_at IS NULL AND ($1 OR team_id = $2 OR (team_id IS NULL AND $2::bigint IS NULL AND user_id = $3))
  AND ($4::bigint[] IS NULL OR execution_id = ANY ($4)) AND ($5::bigint IS NULL OR job_id = $5)
  AND ($6::text IS NULL OR fingerprint = $6)
  AND ($7::timestamptz IS NULL OR dead_at >= $7) AND ($8::timestamptz IS NULL OR dead_at <= $8)
ORDER BY job_id, execution_id LIMIT $9

-- name: lock_open
-- Locks those of the given dead letters that are still open, after their jobs: of two replays the second finds none.
-- $1 execution_ids
SELECT execution_id FROM dead_letters WHERE execution_id = ANY ($1::bigint[]) AND closed_at IS NULL
ORDER BY execution_id FOR NO KEY UPDATE

-- name: close_letters
-- Closes the letters that are still open, and returns them. $1 execution_ids, $2 closed_by: replayed, discarded or expired
WITH open AS (
    SELECT execution_id FROM dead_letters WHERE execution_id = ANY ($1::bigint[]) AND closed_at IS NULL
    ORDER BY execution_id FOR NO KEY UPDATE)
UPDATE dead_letters d SET closed_at = clock_timestamp(), closed_by = $2
FROM open WHERE d.execution_id = open.execution_id
RETURNING d.execution_id

-- name: count_stale
-- Number of closed dead letters whose copy is still in dead_letter_queue.
SELECT count(*) FROM dead_letters WHERE closed_at IS NOT NULL AND sent_at IS NOT NULL AND removed_at IS NULL

-- name: select_open_among
-- The given dead letters that are open. $1 execution_ids
SELECT execution_id FROM dead_letters WHERE execution_id = ANY ($1::bigint[]) AND closed_at IS NULL

-- name: mark_removed
-- Notes that a pass through dead_letter_queue removed the copies of all letters that were closed before it began.
-- $1 start of the pass
UPDATE dead_letters SET removed_at = clock_timestamp()
WHERE closed_at < $1 AND sent_at IS NOT NULL AND removed_at IS NULL

-- name: count_open
-- Number of open dead letters.
SELECT count(*) FROM dead_letters WHERE closed_at IS NULL
