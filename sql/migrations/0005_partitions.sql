-- Months. There is no default partition: it would block detaching. A month is made by CREATE LIKE + ATTACH,
-- which does not stop writers; it expires by DETACH CONCURRENTLY and DROP, run by foliot_maintenance in autocommit.
CREATE TABLE partition_floor (
    id SMALLINT PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    floor TIMESTAMPTZ NOT NULL DEFAULT '-infinity'     -- months before this are closed: plan and replay refuse them
);
INSERT INTO partition_floor DEFAULT VALUES;

ALTER TABLE executions OWNER TO foliot_maintenance;
ALTER TABLE audit_logs OWNER TO foliot_maintenance;
GRANT USAGE, CREATE ON SCHEMA public TO foliot_maintenance;

-- Makes the monthly partitions of parent ('executions' or 'audit_logs') that cover from_time to to_time and are missing.
-- Returns the number made. A month that was dropped is not made again: from_time starts at the floor.
CREATE FUNCTION ensure_partitions(parent TEXT, from_time TIMESTAMPTZ, to_time TIMESTAMPTZ) RETURNS INT
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    month TIMESTAMP := date_trunc('month', GREATEST(from_time, (SELECT floor FROM public.partition_floor)) AT TIME ZONE 'UTC');
    partition TEXT;
    made INT := 0;
BEGIN
    IF parent NOT IN ('executions', 'audit_logs') THEN
        RAISE EXCEPTION 'no partitioned table %', parent;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('foliot.partitions'));
    WHILE month <= to_time AT TIME ZONE 'UTC' LOOP
        partition := parent || to_char(month, '_YYYY_MM');
        IF to_regclass('public.' || partition) IS NULL THEN
            EXECUTE format(
                'CREATE TABLE public.%I (LIKE public.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING STORAGE) WITH (fillfactor = %s)',
                partition, parent, CASE parent WHEN 'executions' THEN 60 ELSE 100 END);
            EXECUTE format(
                'ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                parent, partition, month || '+00', (month + INTERVAL '1 month') || '+00');
            made := made + 1;
        END IF;
        month := month + INTERVAL '1 month';
    END LOOP;
    RETURN made;
END $$;
ALTER FUNCTION ensure_partitions(TEXT, TIMESTAMPTZ, TIMESTAMPTZ) OWNER TO foliot_maintenance;
REVOKE ALL ON FUNCTION ensure_partitions(TEXT, TIMESTAMPTZ, TIMESTAMPTZ) FROM PUBLIC;
GRANT SELECT, UPDATE ON partition_floor TO foliot_maintenance;

SELECT ensure_partitions('executions', now() - INTERVAL '1 month', now() + INTERVAL '2 months');
SELECT ensure_partitions('audit_logs', now() - INTERVAL '1 month', now() + INTERVAL '2 months');
