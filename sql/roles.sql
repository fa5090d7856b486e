-- One role a service, least privilege. Run by the migration runner before the migrations, again and again:
-- everything here is idempotent. Passwords are set by the runner from FOLIOT_<SERVICE>_PASSWORD.
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

-- The partitioned tables belong to foliot_maintenance (only an owner may detach and drop a month);
-- the migrating role needs to be a member of it to hand them over.
GRANT foliot_maintenance TO CURRENT_USER;

-- Planner settings and timeouts are settings of the role, never SET by a client: they survive PgBouncer and cannot leak.
-- A batch is a list of keys, and each key is one lookup in an index: whole tables are never scanned or hashed for it,
-- however wrong the statistics of a month that has just begun are. One generic plan a statement: a plan made for today's
-- values takes the ledger's index for a narrow range of scheduled_time, and making it costs more than running it.
ALTER ROLE foliot_api SET statement_timeout = '5s';
ALTER ROLE foliot_api SET lock_timeout = '2s';
ALTER ROLE foliot_api SET idle_in_transaction_session_timeout = '5s';
ALTER ROLE foliot_api SET jit = off;
ALTER ROLE foliot_api SET enable_seqscan = off;
ALTER ROLE foliot_api SET max_parallel_workers_per_gather = 0;

-- Only for the lag of replicas as a metric; a server that does not let us grant it goes without.
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
