-- name: insert_audit
-- One audit row.
-- $1 user_id, $2 team_id, $3 action, $4 resource_type, $5 resource_id, $6 old value, $7 new value, $8 ip, $9 user agent,
-- $10 request_id, $11 key_id
INSERT INTO audit_logs (user_id, team_id, action, resource_type, resource_id, old_value, new_value, ip_address, user_agent,
    request_id, key_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)

-- name: insert_audits
-- Many audit rows at once. $1 to $11: arrays, in the order of insert_audit
INSERT INTO audit_logs (user_id, team_id, action, resource_type, resource_id, old_value, new_value, ip_address, user_agent,
    request_id, key_id)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::jsonb[], $7::jsonb[],
    $8::inet[], $9::text[], $10::text[], $11::bigint[])

-- name: list_audit
-- Audit rows of all teams, newest first. $1 cursor (audit_id), $2 limit
SELECT a.audit_id, a.user_id, a.key_id, k.name AS key_name, a.action, a.resource_type, a.resource_id, a.old_value, a.new_value,
    host(a.ip_address) AS ip_address, a.user_agent, a.created_at
FROM audit_logs a LEFT JOIN api_keys k ON k.key_id = a.key_id
WHERE a.audit_id < $1
ORDER BY a.audit_id DESC LIMIT $2

-- name: list_team_audit
-- Audit rows of one team, newest first. $1 cursor (audit_id), $2 limit, $3 team_id
SELECT a.audit_id, a.user_id, a.key_id, k.name AS key_name, a.action, a.resource_type, a.resource_id, a.old_value, a.new_value,
    host(a.ip_address) AS ip_address, a.user_agent, a.created_at
FROM audit_logs a LEFT JOIN api_keys k ON k.key_id = a.key_id
WHERE a.team_id = $3 AND a.audit_id < $1
ORDER BY a.audit_id DESC LIMIT $2
