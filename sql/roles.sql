-- One role per service, with the least privilege. `python -m foliot.common.migrate` runs this file before the migrations,
-- every time: everything here is idempotent. It sets the passwords too, from FOLIOT_<SERVICE>_PASSWORD.
DO $$
DECLARE role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['foliot_api', 'foliot_scheduler', 'foliot_worker', 'foliot_maintenance'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I LOGIN', role_name);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END;
    END LOOP;
END $$;

-- The partitioned tables belong to foliot_maintenance, because only an owner may detach and drop a month. The migrating
-- role must be a member of it to give them to it.
GRANT foliot_maintenance TO CURRENT_USER;

-- Planner settings and timeouts are settings of the role, never SET by a client: they survive PgBouncer and cannot leak
-- from one session to the next.
-- Scans and hash joins are off: a batch is a list of keys, and each key is one index lookup. PostgreSQL would otherwise scan
-- or hash a whole table for a batch, because the statistics of a month that has just begun are wrong.
-- force_generic_plan: one plan per statement. A plan made for the values at hand uses the ledger's index for a narrow range
-- of scheduled_time, and making it costs more than running it.
ALTER ROLE foliot_api SET statement_timeout = '5s';
ALTER ROLE foliot_api SET lock_timeout = '2s';
ALTER ROLE foliot_api SET idle_in_transaction_session_timeout = '5s';
ALTER ROLE foliot_api SET jit = off;
ALTER ROLE foliot_api SET enable_seqscan = off;
ALTER ROLE foliot_api SET max_parallel_workers_per_gather = 0;

-- For the metrics of replica lag alone. A server that refuses this grant has no such metrics.
DO $$
BEGIN
    GRANT pg_read_all_stats TO foliot_scheduler;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'foliot_scheduler may not read pg_stat_replication: no pg_replica_lag metrics';
END $$;

ALTER ROLE foliot_scheduler SET statement_timeout = '5s';
ALTER ROLE foliot_scheduler SET lock_timeout = '2500ms';
ALTER ROLE foliot_scheduler SET idle_in_transaction_session_timeout = '2s';
ALTER ROLE foliot_scheduler SET jit = off;
ALTER ROLE foliot_scheduler SET enable_mergejoin = off;
ALTER ROLE foliot_scheduler SET enable_hashjoin = off;
ALTER ROLE foliot_scheduler SET enable_seqscan = off;
ALTER ROLE foliot_scheduler SET max_parallel_workers_per_gather = 0;
ALTER ROLE foliot_scheduler SET plan_cache_mode = force_generic_plan;

ALTER ROLE foliot_worker SET statement_timeout = '5s';
ALTER ROLE foliot_worker SET lock_timeout = '2500ms';
ALTER ROLE foliot_worker SET idle_in_transaction_session_timeout = '5s';
ALTER ROLE foliot_worker SET jit = off;
ALTER ROLE foliot_worker SET enable_mergejoin = off;
ALTER ROLE foliot_worker SET enable_hashjoin = off;
ALTER ROLE foliot_worker SET enable_seqscan = off;
ALTER ROLE foliot_worker SET max_parallel_workers_per_gather = 0;
ALTER ROLE foliot_worker SET plan_cache_mode = force_generic_plan;

ALTER ROLE foliot_maintenance SET lock_timeout = '1s';
ALTER ROLE foliot_maintenance SET statement_timeout = '10min';
