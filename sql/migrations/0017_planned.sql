-- When a scheduler last planned, written with its heartbeat: a term that plans no more is no leader to the API, and no
-- scheduler is ready while none plans.
ALTER TABLE schedulers ADD COLUMN planned_at TIMESTAMPTZ;
