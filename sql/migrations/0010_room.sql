-- Room on a month's pages for the claim of what was planned onto them: a claim that stays on its page writes no index.
-- 45 instead of 60, priced in docs/adr/0011-indexes.md. And workers address the month itself: a statement over all months
-- opens each of them first (docs/adr/0012-hot-path.md). The function is as it was but for the number and the grant.
CREATE OR REPLACE FUNCTION ensure_partitions(parent TEXT, from_time TIMESTAMPTZ, to_time TIMESTAMPTZ) RETURNS INT
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
                partition, parent, CASE parent WHEN 'executions' THEN 45 ELSE 100 END);
            EXECUTE format(
                'ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                parent, partition, month || '+00', (month + INTERVAL '1 month') || '+00');
            IF parent = 'executions' THEN
                EXECUTE format('GRANT SELECT, UPDATE ON public.%I TO foliot_worker', partition);
            END IF;
            made := made + 1;
        END IF;
        month := month + INTERVAL '1 month';
    END LOOP;
    RETURN made;
END $$;

DO $$
DECLARE month regclass;
BEGIN
    FOR month IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'public.executions'::regclass LOOP
        EXECUTE format('ALTER TABLE %s SET (fillfactor = 45)', month);
        EXECUTE format('GRANT SELECT, UPDATE ON %s TO foliot_worker', month);
    END LOOP;
END $$;
