-- name: select_written
-- Run on the primary: the position up to which the write-ahead log is flushed, which includes all that is committed. The
-- insert position (pg_current_wal_insert_lsn) would be wrong: it may lie behind a page header that is not written yet and
-- so is not replayed.
SELECT (pg_current_wal_flush_lsn() - '0/0')::bigint

-- name: select_replayed
-- Run on a replica: the position up to which it shows the primary's writes. A promoted replica is a primary and shows
-- everything.
SELECT CASE WHEN pg_is_in_recovery() THEN (pg_last_wal_replay_lsn() - '0/0')::bigint ELSE 9223372036854775807 END
