-- name: ensure_partitions
-- Creates the months of table $1 from $2 to $3 that are missing, and returns their number.
SELECT ensure_partitions($1, $2, $3)

-- name: select_partition_ends
-- The end of the last month of each partitioned table.
SELECT p.relname AS "table", max((regexp_match(pg_get_expr(c.relpartbound, c.oid), $$TO \('([^']+)'\)$$))[1]::timestamptz) AS until
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
WHERE p.oid IN ('executions'::regclass, 'audit_logs'::regclass)
GROUP BY p.relname

-- name: close_months
-- Closes the months before $1: waits for the transactions that hold the floor; after it, plan and replay refuse older
-- times. Returns the floor, which never moves back.
UPDATE partition_floor SET floor = GREATEST(floor, $1) WHERE id = 1 RETURNING floor

-- name: hold_floor
-- Locks the floor of history FOR SHARE: no month is closed until the transaction ends.
SELECT GREATEST(floor, '0001-01-01Z') AS floor FROM partition_floor WHERE id = 1 FOR SHARE

-- name: select_closed_months
-- The months of a table before the floor. $1 table, $2 floor
SELECT month, attached, detaching FROM closed_months($1, $2)

-- name: is_month_open
-- True if the month $1 of executions holds open work.
SELECT month_is_open($1)
