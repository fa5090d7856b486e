-- The open-work index holds what may be handed out or runs; what waits for an earlier run stands in
-- idx_executions_waiting alone. With both in one index the planner took a walk through all open work for the question
-- "does a run of these jobs wait?" as long as a month was new and its statistics empty.
DROP INDEX idx_executions_open;
CREATE INDEX idx_executions_open ON executions (queue, priority, available_at)
    WHERE end_time IS NULL AND available_at IS NOT NULL;

-- The API numbers the jobs of a batch itself, so that their history and audit go in the same three statements.
GRANT USAGE ON SEQUENCE jobs_job_id_seq TO foliot_api;
