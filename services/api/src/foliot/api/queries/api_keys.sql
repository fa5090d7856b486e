-- name: insert_key
-- Inserts an API key by its hash. $1 key_hash, $2 name, $3 user_id, $4 team_id, $5 role, $6 expires_at
INSERT INTO api_keys (key_hash, name, user_id, team_id, role, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
RETURNING key_id, name, user_id, team_id, role, created_at, expires_at, revoked_at

-- name: select_by_hash
-- The API key with hash $1, unless it is revoked or expired.
SELECT key_id, user_id, team_id, role, expires_at FROM api_keys
WHERE key_hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())

-- name: list_keys
-- API keys of a team or of all. $1 all teams, $2 team_id
SELECT key_id, name, user_id, team_id, role, created_at, expires_at, revoked_at FROM api_keys
WHERE $1 OR team_id = $2 ORDER BY key_id

-- name: revoke_key
-- Revokes an API key that is not revoked yet. $1 key_id, $2 all teams, $3 team_id
UPDATE api_keys SET revoked_at = now() WHERE key_id = $1 AND revoked_at IS NULL AND ($2 OR team_id = $3)
RETURNING key_id, name, user_id, team_id, role
