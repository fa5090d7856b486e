-- name: insert_audit
-- $1 user_id, $2 team_id, $3 action, $4 resource_type, $5 resource_id, $6 old, $7 new, $8 ip, $9 user agent, $10 request id
INSERT INTO audit_logs (user_id, team_id, action, resource_type, resource_id, old_value, new_value, ip_address, user_agent,
    request_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)

-- name: insert_audits
-- Many at once. Arrays, in the order of insert_audit.
INSERT INTO audit_logs (user_id, team_id, action, resource_type, resource_id, old_value, new_value, ip_address, user_agent,
    request_id)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::jsonb[], $7::jsonb[],
    $8::inet[], $9::text[], $10::text[])

-- name: list_audit
-- Newest first, everybody's. $1 cursor audit_id, $2 limit
SELECT audit_id, user_id, action, resource_type, resource_id, old_value, new_value, host(ip_address) AS ip_address, user_agent,
    created_at
FROM audit_logs
WHERE audit_id < $1
ORDER BY audit_id DESC LIMIT $2

-- name: list_team_audit
-- The same of one team. $3 team_id
SELECT audit_id, user_id, action, resource_type, resource_id, old_value, new_value, host(ip_address) AS ip_address, user_agent,
    created_at
FROM audit_logs
WHERE team_id = $3 AND audit_id < $1
ORDER BY audit_id DESC LIMIT $2
