-- name: insert_dead_letters
-- Runs that were given up. $1 execution_ids, $2 scheduled_times, $3 fingerprints; $4/$5 least and greatest scheduled_time
INSERT INTO dead_letters (execution_id, scheduled_time, job_id, user_id, team_id, attempt_number, status, error_message,
    fingerprint)
SELECT e.execution_id, e.scheduled_time, e.job_id, e.user_id, e.team_id, e.attempt_number, e.status, e.error_message,
    r.fingerprint
FROM unnest($1::bigint[], $2::timestamptz[], $3::text[]) AS r (execution_id, scheduled_time, fingerprint)
JOIN executions e ON e.execution_id = r.execution_id AND e.scheduled_time = r.scheduled_time
WHERE e.execution_id = ANY ($1) AND e.scheduled_time >= $4 AND e.scheduled_time <= $5
ON CONFLICT DO NOTHING

-- name: list_open
-- Newest first. $1 all teams, $2 team_id, $3 user_id, $4/$5 cursor (dead_at, execution_id), $6 limit
SELECT execution_id, job_id, scheduled_time, attempt_number, status, error_message, fingerprint, dead_at FROM dead_letters
WHERE closed_at IS NULL AND ($1 OR team_id = $2 OR (team_id IS NULL AND $2::bigint IS NULL AND user_id = $3))
  AND (dead_at, execution_id) < ($4, $5)
ORDER BY dead_at DESC, execution_id DESC LIMIT $6

-- name: select_unsent
-- Those of which no copy went to dead_letter_queue yet. $1 limit
SELECT execution_id, job_id, scheduled_time, attempt_number, error_message FROM dead_letters
WHERE sent_at IS NULL AND closed_at IS NULL ORDER BY execution_id LIMIT $1

-- name: mark_sent
UPDATE dead_letters SET sent_at = clock_timestamp() WHERE execution_id = ANY ($1::bigint[]) AND sent_at IS NULL

-- name: count_open
SELECT count(*) FROM dead_letters WHERE closed_at IS NULL
