-- duration_ms is written by the statement that ends a run. Generated, it was computed anew, and the row copied once more for
-- it, by each of a run's three writes (docs/adr/0015-duration.md). What is stored stays.
ALTER TABLE executions ALTER COLUMN duration_ms DROP EXPRESSION;
