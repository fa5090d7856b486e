-- name: delete_finished_jobs
-- Deletes one-time jobs that ended before $1 and have neither an open dead letter nor an open execution; of the deleted ones
-- those that cannot be restored any more. $2 limit
DELETE FROM jobs WHERE job_id IN (
    SELECT j.job_id FROM jobs j
    WHERE j.status IN ('COMPLETED', 'FAILED', 'CANCELLED')
      AND (j.schedule IS NULL OR j.schedule = 'immediate' OR j.schedule ~ '^\d{4}-')
      AND GREATEST(j.updated_at, j.last_run_time) < $1
      AND (j.deleted_at IS NULL OR j.deleted_at < now() - interval '30 days')
      AND NOT EXISTS (SELECT FROM dead_letters d WHERE d.job_id = j.job_id AND d.closed_at IS NULL)
      AND NOT EXISTS (
        SELECT FROM executions e WHERE e.job_id = j.job_id AND e.scheduled_time >= j.open_since AND e.end_time IS NULL)
    ORDER BY GREATEST(j.updated_at, j.last_run_time) LIMIT $2
    FOR UPDATE OF j SKIP LOCKED)

-- name: expire_letters
-- Closes open dead letters from before $1. Their copies leave dead_letter_queue as those of other closed letters do.
-- $2 limit
UPDATE dead_letters SET closed_at = clock_timestamp(), closed_by = 'expired' WHERE execution_id IN (
    SELECT execution_id FROM dead_letters WHERE closed_at IS NULL AND dead_at < $1
    ORDER BY dead_at LIMIT $2 FOR UPDATE SKIP LOCKED)

-- name: delete_letters
-- Deletes closed dead letters from before $1 that have no copy in dead_letter_queue. $2 limit
DELETE FROM dead_letters WHERE execution_id IN (
    SELECT execution_id FROM dead_letters
    WHERE dead_at < $1 AND closed_at IS NOT NULL AND (sent_at IS NULL OR removed_at IS NOT NULL)
    ORDER BY dead_at LIMIT $2 FOR UPDATE SKIP LOCKED)

-- name: delete_answers
-- Deletes the stored answers of idempotent requests from before $1. $2 limit
DELETE FROM idempotency_keys WHERE (user_id, team_id, method, path, key) IN (
    SELECT user_id, team_id, method, path, key FROM idempotency_keys WHERE created_at < $1
    ORDER BY created_at LIMIT $2)

-- name: delete_operations
-- Deletes ended operations from before $1, with their rows. $2 limit
DELETE FROM operations WHERE operation_id IN (
    SELECT operation_id FROM operations WHERE created_at < $1 AND ended_at IS NOT NULL ORDER BY created_at LIMIT $2)

-- name: delete_terms
-- Deletes all terms of leadership but the newest $1. $2 limit
DELETE FROM leader_terms WHERE term IN (
    SELECT term FROM leader_terms WHERE term <= (SELECT max(term) FROM leader_terms) - $1 ORDER BY term LIMIT $2)

-- name: delete_versions
-- Deletes what stands in job_versions and was replaced before $1. The first row of a version says who made it and when: it
-- stays until the others have gone. $2 limit
DELETE FROM job_versions WHERE (job_id, valid_from) IN (
    SELECT v.job_id, v.valid_from FROM job_versions v
    WHERE v.valid_to < $1
      AND (EXISTS (SELECT FROM job_versions f
                   WHERE f.job_id = v.job_id AND f.version = v.version AND f.valid_from < v.valid_from)
        OR NOT EXISTS (SELECT FROM job_versions f
                       WHERE f.job_id = v.job_id AND f.version = v.version AND f.valid_from > v.valid_from))
    ORDER BY v.valid_to LIMIT $2 FOR UPDATE OF v SKIP LOCKED)
