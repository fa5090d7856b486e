-- name: lock_key
-- Tries to lock an idempotency key, so that requests with the same key follow one another.
-- $1 a number made of user, team, method, path and key
SELECT pg_try_advisory_xact_lock($1)

-- name: select_answer
-- The stored answer of an idempotency key, at most 24 hours old.
-- $1 user_id, $2 team_id (0: none), $3 method, $4 path, $5 key
SELECT request_hash, status, headers, body FROM idempotency_keys
WHERE user_id = $1 AND team_id = $2 AND method = $3 AND path = $4 AND key = $5 AND created_at > now() - INTERVAL '24 hours'

-- name: insert_answer
-- Stores the answer in the transaction of the change; it replaces one that is too old.
-- $1 user_id, $2 team_id (0: none), $3 method, $4 path, $5 key, $6 request hash, $7 status, $8 headers, $9 body
INSERT INTO idempotency_keys (user_id, team_id, method, path, key, request_hash, status, headers, body)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (user_id, team_id, method, path, key) DO UPDATE SET
    request_hash = $6, status = $7, headers = $8, body = $9, created_at = now()
