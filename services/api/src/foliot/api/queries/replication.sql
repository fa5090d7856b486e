-- name: select_written
-- On the primary: the position to which the write-ahead log is flushed, and with it all that is committed. It is not
-- pg_current_wal_insert_lsn: at the end of a page that lies behind the next page's header, which may not exist yet, so
-- that no replica would reach it.
SELECT (pg_current_wal_flush_lsn() - '0/0')::bigint

-- name: select_replayed
-- On a replica: the position up to which it shows the primary's writes. A promoted one is a primary: all of them.
SELECT CASE WHEN pg_is_in_recovery() THEN (pg_last_wal_replay_lsn() - '0/0')::bigint ELSE 9223372036854775807 END
