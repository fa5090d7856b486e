"""Log events of the API, each named once with its meaning."""

CHANGED = "changed"
"""INFO, one a change: who (user_id, team_id, key_id), what (action, job_id or execution_id)."""
REQUEST_FAILED = "request_failed"
"""ERROR: an answer of 500: a bug. method, path, error."""
DEPENDENCY_AWAY = "dependency_away"
"""WARNING: an answer of 503. method, path, error."""
