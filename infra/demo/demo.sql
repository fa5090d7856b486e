-- The content of the data source `demo` and what its role may do, laid by the owner as often as it is started.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
CREATE TABLE IF NOT EXISTS orders (
    order_id INT PRIMARY KEY,
    customer TEXT NOT NULL,
    amount NUMERIC(10, 2) NOT NULL,
    ordered_at TIMESTAMPTZ NOT NULL
);
INSERT INTO orders
SELECT n, (ARRAY['Ada', 'Grace', 'Edsger', 'Barbara'])[1 + n % 4], 5 + n * 37 % 100,
       TIMESTAMPTZ '2026-01-01 00:00+00' + n * INTERVAL '7 hours'
FROM generate_series(1, 200) AS n
ON CONFLICT DO NOTHING;
GRANT SELECT ON orders TO foliot_demo;

-- All teams' statements run as one role, and a role may see and end its own sessions: take that from it.
DO $$
DECLARE name TEXT;
BEGIN
    FOR name IN
        SELECT oid::regprocedure FROM pg_proc
        WHERE pronamespace = 'pg_catalog'::regnamespace
        AND (proname IN ('pg_cancel_backend', 'pg_terminate_backend', 'pg_stat_get_activity', 'pg_stat_get_wal_senders',
                         'pg_stat_get_progress_info')
             OR proname LIKE 'pg\_stat\_get\_backend%')
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', name);
    END LOOP;
    FOR name IN
        SELECT oid::regclass FROM pg_class
        WHERE relnamespace = 'pg_catalog'::regnamespace
        AND relname ~ '^pg_(stat_(activity|replication|ssl|gssapi|progress_.*)|roles|user|group|locks)$'
    LOOP
        EXECUTE format('REVOKE SELECT ON %s FROM PUBLIC', name);
    END LOOP;
END
$$;

-- The server is Foliot's own: what statements spill must not fill its disk, and its log must not hold their values.
ALTER ROLE foliot_demo SET default_transaction_read_only = on;
ALTER ROLE foliot_demo SET temp_file_limit = '256MB';
ALTER ROLE foliot_demo SET work_mem = '16MB';
ALTER ROLE foliot_demo SET log_min_messages = 'fatal';
ALTER ROLE foliot_demo SET log_min_error_statement = 'panic';
