-- Optional: lets the extension pg_cron create the months too. The leader creates them in any case, and the two do not
-- disturb each other.
CREATE EXTENSION IF NOT EXISTS pg_cron;
SELECT cron.schedule('foliot_partitions', '0 3 * * *', $$
    SELECT ensure_partitions('executions', now(), now() + INTERVAL '2 months'),
           ensure_partitions('audit_logs', now(), now() + INTERVAL '2 months')
$$);
