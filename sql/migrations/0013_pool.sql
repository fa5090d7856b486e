-- `queue` named two things: the broker's queue, and the pool of workers that may run a job. The second is called pool.
-- Services of before this migration cannot live with it: stop them all first (CHANGELOG, Upgrading).

-- The status of a job is derived by one SQL fragment of the code (ledger/fragments.sql); nobody reads this view any more.
DROP VIEW visible_jobs;

ALTER TABLE jobs RENAME COLUMN queue TO pool;
ALTER TABLE executions RENAME COLUMN queue TO pool;

UPDATE job_versions SET definition = (definition - 'queue') || jsonb_build_object('pool', definition->'queue')
WHERE definition ? 'queue';
