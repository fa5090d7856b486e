-- The tzdata whose rules the armed jobs' next_run_time was computed with; null: not known. The leader compares it with
-- its own and computes anew what moved.
CREATE TABLE tzdata (
    id SMALLINT PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    version VARCHAR(32),
    since TIMESTAMPTZ
);
INSERT INTO tzdata DEFAULT VALUES;
GRANT SELECT, UPDATE ON tzdata TO foliot_scheduler;

-- Ticks that were due when a job was edited, paused or cancelled are covered by the API, also in months that nobody
-- needed yet.
GRANT EXECUTE ON FUNCTION ensure_partitions(TEXT, TIMESTAMPTZ, TIMESTAMPTZ) TO foliot_api;

-- The delay of a tick by jitter_seconds, as foliot.common.schedules.jitter computes it: a run that waited for an earlier
-- one is not released before it.
CREATE FUNCTION jitter_delay(job_id BIGINT, tick TIMESTAMPTZ, jitter_seconds INT) RETURNS INTERVAL
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    written TEXT := to_char(tick AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"');
    digest BYTEA;
    number NUMERIC := 0;
BEGIN
    IF jitter_seconds <= 0 THEN
        RETURN INTERVAL '0';
    END IF;
    digest := sha256(convert_to(job_id::text, 'UTF8') || '\x00'::bytea || convert_to(written, 'UTF8'));
    FOR i IN 0..7 LOOP
        number := number * 256 + get_byte(digest, i);
    END LOOP;
    RETURN (number % (jitter_seconds::numeric * 1000000 + 1))::bigint * INTERVAL '1 microsecond';
END $$;
REVOKE ALL ON FUNCTION jitter_delay(BIGINT, TIMESTAMPTZ, INT) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION jitter_delay(BIGINT, TIMESTAMPTZ, INT) TO foliot_api, foliot_scheduler, foliot_worker;
