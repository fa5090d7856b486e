-- name: insert_key
-- Inserts an API key by its hash. $1 key_hash, $2 name, $3 user_id, $4 team_id, $5 role, $6 expires_at
INSERT INTO api_keys (key_hash, name, user_id, team_id, role, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
RETURNING key_id, name, user_id, team_id, role, created_at, expires_at, revoked_at, last_used_at

-- name: select_by_hash
-- The API key with hash $1, unless it is revoked or expired.
SELECT key_id, user_id, team_id, role, expires_at FROM api_keys
WHERE key_hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())

-- name: list_keys
-- API keys of a team or of all. $1 all teams, $2 team_id
SELECT key_id, name, user_id, team_id, role, created_at, expires_at, revoked_at, last_used_at FROM api_keys
WHERE $1 OR team_id = $2 ORDER BY key_id

-- name: lock_admins
-- Locks the valid admin keys without a team, in the order of their ids: of two revocations the second sees the first.
SELECT key_id FROM api_keys
WHERE role = 'admin' AND team_id IS NULL AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
ORDER BY key_id FOR NO KEY UPDATE

-- name: revoke_key
-- Revokes an API key that is not revoked yet. $1 key_id, $2 all teams, $3 team_id
UPDATE api_keys SET revoked_at = now() WHERE key_id = $1 AND revoked_at IS NULL AND ($2 OR team_id = $3)
RETURNING key_id, name, user_id, team_id, role, created_at, expires_at, revoked_at, last_used_at

-- name: is_stranger
-- True if a user has a key of another team than $2, or one without a team. $1 user_id, $2 team_id
SELECT EXISTS (SELECT FROM api_keys WHERE user_id = $1 AND team_id IS DISTINCT FROM $2)

-- name: note_use
-- Notes that keys were used within the last minute. Keys that somebody has locked are left to the next time. $1 key_ids
UPDATE api_keys k SET last_used_at = now()
FROM (SELECT key_id FROM api_keys WHERE key_id = ANY ($1::bigint[]) ORDER BY key_id FOR NO KEY UPDATE SKIP LOCKED) used
WHERE k.key_id = used.key_id

-- name: insert_team
-- Makes a team, unless it exists. $1 team_id
INSERT INTO teams (team_id) VALUES ($1) ON CONFLICT DO NOTHING

-- name: has_team
-- True if the team $1 exists.
SELECT EXISTS (SELECT FROM teams WHERE team_id = $1)
