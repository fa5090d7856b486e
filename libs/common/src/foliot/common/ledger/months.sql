-- name: ensure_partitions
-- Months of $1 from $2 to $3; gives how many were made.
SELECT ensure_partitions($1, $2, $3)

-- name: select_partition_ends
-- Up to when each partitioned table has months.
SELECT p.relname AS "table", max((regexp_match(pg_get_expr(c.relpartbound, c.oid), $$TO \('([^']+)'\)$$))[1]::timestamptz) AS until
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
WHERE p.oid IN ('executions'::regclass, 'audit_logs'::regclass)
GROUP BY p.relname

-- name: close_months
-- Months before $1 are closed from now on: waits for the transactions that hold the floor, and plan and replay refuse
-- what is older. Gives the floor that stands.
UPDATE partition_floor SET floor = GREATEST(floor, $1) WHERE id = 1 RETURNING floor

-- name: hold_floor
-- Keeps the months that are open now open until the transaction ends.
SELECT GREATEST(floor, '0001-01-01Z') AS floor FROM partition_floor WHERE id = 1 FOR SHARE

-- name: select_closed_months
-- $1 parent, $2 the floor
SELECT month, attached, detaching FROM closed_months($1, $2)

-- name: is_month_open
-- Whether the month $1 of executions holds open work.
SELECT month_is_open($1)
