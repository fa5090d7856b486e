-- name: insert_operation
-- A bulk change that is done in chunks.
-- $1 user_id, $2 team_id, $3 key_id, $4 action, $5 set, $6 arguments, $7 matched, $8 ip, $9 user agent, $10 request_id,
-- $11 traceparent
INSERT INTO operations (user_id, team_id, key_id, action, set, arguments, matched, ip_address, user_agent, request_id, traceparent)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
RETURNING operation_id, user_id, team_id, key_id, action, set, status, reason, matched, done, failed, created_at, updated_at,
    ended_at

-- name: insert_rows
-- Rows of the operation $1. $2: JSON array with one object a row, in the columns of the table
INSERT INTO operation_rows (operation_id, index, job_id, job_key, change, version, definition)
SELECT $1, r.index, r.job_id, r.job_key, r.change, r.version, r.definition
FROM jsonb_to_recordset($2) AS r (index int, job_id bigint, job_key text, change text, version bigint, definition jsonb)

-- name: select_running
-- Operations under way, the one that waited longest first. $1 limit
SELECT operation_id FROM operations WHERE ended_at IS NULL ORDER BY updated_at LIMIT $1

-- name: lock_operation
-- Tries to lock the operation $1 until the transaction ends: one process does a chunk of it at a time. Its row stays free,
-- so that a cancel need not wait for the chunk.
SELECT pg_try_advisory_xact_lock(hashtextextended('operation ' || $1::bigint, 0))

-- name: select_work
-- The locked operation $1 as it goes on, unless it has ended; with the key that asked for it, if that is still valid.
SELECT o.user_id, o.team_id, o.key_id, o.action, o.set, o.arguments, o.matched, o.next_index,
    host(o.ip_address) AS ip_address, o.user_agent, o.request_id, o.traceparent, k.role
FROM operations o
LEFT JOIN api_keys k ON k.key_id = o.key_id AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
WHERE o.operation_id = $1 AND o.ended_at IS NULL

-- name: take_rows
-- The next rows of the operation $1, from $2 on. $3 limit
SELECT index, job_id, job_key, change, version, definition FROM operation_rows
WHERE operation_id = $1 AND index >= $2 ORDER BY index LIMIT $3

-- name: record_rows
-- What became of rows of the operation $1. $2 indexes, $3 job_ids, $4 errors
UPDATE operation_rows o SET job_id = COALESCE(r.job_id, o.job_id), error = r.error, definition = NULL
FROM unnest($2::int[], $3::bigint[], $4::jsonb[]) AS r (index, job_id, error)
WHERE o.operation_id = $1 AND o.index = r.index

-- name: advance_operation
-- A chunk of the operation $1 is done. $2 next index, $3 rows done, $4 rows failed. The last one completes it.
UPDATE operations SET next_index = $2, done = done + $3, failed = failed + $4, updated_at = clock_timestamp(),
    status = CASE WHEN ended_at IS NULL AND $2 >= matched THEN 'COMPLETED' ELSE status END,
    ended_at = CASE WHEN ended_at IS NULL AND $2 >= matched THEN clock_timestamp() ELSE ended_at END
WHERE operation_id = $1

-- name: end_operation
-- Ends the operation $1, unless it has ended. $2 status, $3 reason or null, $4 owner or null
UPDATE operations SET status = $2, reason = $3, updated_at = clock_timestamp(), ended_at = clock_timestamp()
WHERE operation_id = $1 AND ended_at IS NULL AND ($4::bigint IS NULL OR COALESCE(team_id, -user_id) = $4)
RETURNING operation_id, user_id, team_id, key_id, action, set, status, reason, matched, done, failed, created_at, updated_at,
    ended_at

-- name: select_operation
-- An operation that the caller may see. $1 operation_id, $2 owner or null
SELECT operation_id, user_id, team_id, key_id, action, set, status, reason, matched, done, failed, created_at, updated_at,
    ended_at
FROM operations WHERE operation_id = $1 AND ($2::bigint IS NULL OR COALESCE(team_id, -user_id) = $2)

-- name: list_operations
-- Operations of all, newest first. $1 cursor (operation_id), $2 limit
SELECT operation_id, user_id, team_id, key_id, action, set, status, reason, matched, done, failed, created_at, updated_at,
    ended_at
FROM operations WHERE operation_id < $1 ORDER BY operation_id DESC LIMIT $2

-- name: list_owned_operations
-- As list_operations, for one owner. $3 owner
SELECT operation_id, user_id, team_id, key_id, action, set, status, reason, matched, done, failed, created_at, updated_at,
    ended_at
FROM operations WHERE COALESCE(team_id, -user_id) = $3 AND operation_id < $1 ORDER BY operation_id DESC LIMIT $2

-- name: list_rows
-- Rows of the operation $1 that are done or failed, from $2 on. $3 limit
SELECT r.index, r.job_id, r.job_key, r.change, r.error FROM operation_rows r JOIN operations o ON o.operation_id = r.operation_id
WHERE r.operation_id = $1 AND r.index >= $2 AND r.index < o.next_index ORDER BY r.index LIMIT $3
