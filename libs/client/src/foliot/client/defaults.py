"""Defaults of bodies, by their Struct. Written by `make openapi` from the description: do not edit."""

from typing import Any

DEFAULTS: dict[str, dict[str, Any]] = {
    'BulkRequest': {'job_ids': None, 'filter': None, 'labels': None, 'jobs': None, 'set': None, 'prune': None, 'expect': None, 'adopt': False, 'dry_run': False},
    'HttpRequest': {'method': 'GET', 'headers': {}, 'body': None, 'expected_status': ['2xx'], 'follow_redirects': False},
    'JobChoice': {'status': None, 'job_type': None, 'job_key': None, 'pool': None, 'last_status': None, 'q': None, 'priority': None, 'created_after': None, 'created_before': None, 'label': None, 'set': None},
    'LetterFilter': {'job_id': None, 'fingerprint': None},
    'LetterRequest': {'execution_ids': None, 'filter': None, 'dry_run': False, 'rate': None},
    'NewHttpRequestJob': {'job_key': None, 'description': None, 'timezone': 'UTC', 'priority': 0, 'timeout_seconds': 300, 'overlap_policy': 'skip', 'misfire_policy': 'run_once', 'misfire_grace_seconds': 60, 'misfire_limit': 100, 'dst_gap': 'shift', 'dst_overlap': 'first', 'start_at': None, 'end_at': None, 'max_runs': None, 'jitter_seconds': 0, 'labels': {}, 'pool': 'default', 'shadow': False},
    'NewKey': {'user_id': None, 'team_id': None, 'create_team': False, 'expires_at': None},
    'NewRetryPolicy': {'max_retries': 3, 'backoff_factor': 3, 'delay_seconds': None, 'max_backoff': 3600, 'jitter': 0, 'max_age': None, 'retry_on': None},
    'NewScriptJob': {'job_key': None, 'description': None, 'timezone': 'UTC', 'priority': 0, 'timeout_seconds': 300, 'overlap_policy': 'skip', 'misfire_policy': 'run_once', 'misfire_grace_seconds': 60, 'misfire_limit': 100, 'dst_gap': 'shift', 'dst_overlap': 'first', 'start_at': None, 'end_at': None, 'max_runs': None, 'jitter_seconds': 0, 'labels': {}, 'pool': 'default', 'shadow': False},
    'NewSqlQueryJob': {'job_key': None, 'description': None, 'timezone': 'UTC', 'priority': 0, 'timeout_seconds': 300, 'overlap_policy': 'skip', 'misfire_policy': 'run_once', 'misfire_grace_seconds': 60, 'misfire_limit': 100, 'dst_gap': 'shift', 'dst_overlap': 'first', 'start_at': None, 'end_at': None, 'max_runs': None, 'jitter_seconds': 0, 'labels': {}, 'pool': 'default', 'shadow': False},
    'PauseRequest': {'reason': None, 'until': None},
    'PreviewRequest': {'timezone': 'UTC', 'dst_gap': 'shift', 'dst_overlap': 'first', 'start_at': None, 'end_at': None, 'max_runs': None, 'jitter_seconds': 0, 'misfire_grace_seconds': 60, 'job_name': '', 'count': 5, 'after': None},
    'RunOverride': {'payload': None, 'overlap_policy': None},
    'Script': {'interpreter': None, 'args': [], 'env': {}},
    'SqlQuery': {'params': []},
}
