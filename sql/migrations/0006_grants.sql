-- What each service may do, and nothing else.
GRANT USAGE ON SCHEMA public TO foliot_api, foliot_scheduler, foliot_worker;
GRANT SELECT ON schema_migrations TO foliot_api, foliot_scheduler, foliot_worker, foliot_maintenance;

GRANT SELECT, INSERT, UPDATE ON jobs, job_versions TO foliot_api;
GRANT SELECT ON visible_jobs TO foliot_api;
GRANT SELECT, INSERT, UPDATE ON executions, dead_letters TO foliot_api;
GRANT SELECT, INSERT ON audit_logs TO foliot_api;
GRANT SELECT, INSERT, UPDATE ON api_keys TO foliot_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO foliot_api;
GRANT SELECT ON leader, leader_terms, schedulers, workers TO foliot_api;
GRANT SELECT, UPDATE ON partition_floor TO foliot_api;

GRANT SELECT, UPDATE, DELETE ON jobs TO foliot_scheduler;
GRANT SELECT, INSERT, UPDATE, DELETE ON job_versions TO foliot_scheduler;
GRANT SELECT, INSERT, UPDATE ON executions TO foliot_scheduler;
GRANT SELECT, INSERT, UPDATE, DELETE ON dead_letters TO foliot_scheduler;
GRANT INSERT ON audit_logs TO foliot_scheduler;
GRANT SELECT, UPDATE ON leader TO foliot_scheduler;
GRANT SELECT, INSERT ON leader_terms TO foliot_scheduler;
GRANT SELECT, INSERT, UPDATE, DELETE ON schedulers TO foliot_scheduler;
GRANT SELECT, DELETE ON workers TO foliot_scheduler;
GRANT SELECT, DELETE ON idempotency_keys TO foliot_scheduler;
GRANT SELECT, UPDATE ON partition_floor TO foliot_scheduler;
GRANT EXECUTE ON FUNCTION ensure_partitions(TEXT, TIMESTAMPTZ, TIMESTAMPTZ) TO foliot_scheduler;

GRANT SELECT, UPDATE ON jobs TO foliot_worker;
GRANT SELECT, INSERT, UPDATE ON executions TO foliot_worker;
GRANT SELECT, INSERT ON dead_letters TO foliot_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON workers TO foliot_worker;
