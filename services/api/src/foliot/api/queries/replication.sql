-- name: select_written
-- On the primary: how far the write-ahead log is flushed, and so all that is committed. Where the next record goes
-- (pg_current_wal_insert_lsn) is behind the header of a page that may not be there yet, and is not replayed.
SELECT (pg_current_wal_flush_lsn() - '0/0')::bigint

-- name: select_replayed
-- On a replica: how far it shows the primary's writes. A promoted one is a primary: everything.
SELECT CASE WHEN pg_is_in_recovery() THEN (pg_last_wal_replay_lsn() - '0/0')::bigint ELSE 9223372036854775807 END
