"""A retry_policy has one set of bounds and defaults, the model's: the API's and the column's are the same."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from foliot.api.jobs.definition import decode
from foliot.api.jobs.retry_fields import convert_retry_policy
from foliot.common.model.retry import DEFAULT_POLICY, STORED_BY_DEFAULT, policy_from

MIGRATIONS = Path(__file__).parents[3] / "sql" / "migrations"
JOB = {"job_name": "a job", "job_type": "script", "schedule": "manual", "payload": {"script": "true"}}


def test_the_columns_default_is_the_models() -> None:
    sql = (MIGRATIONS / "0001_jobs.sql").read_text()
    (default,) = re.findall(r"\bretry_policy JSONB NOT NULL DEFAULT '(.*?)'", sql)
    assert msgspec.json.decode(default) == STORED_BY_DEFAULT
    later = [path.name for path in MIGRATIONS.glob("*.sql") if re.search(r"retry_policy.*DEFAULT", path.read_text())]
    assert later == ["0001_jobs.sql"]


def test_a_job_without_a_policy_has_the_default() -> None:
    assert decode(JOB).retry_policy == STORED_BY_DEFAULT
    assert policy_from(decode(JOB).retry_policy) == DEFAULT_POLICY


def test_members_left_out_take_the_defaults() -> None:
    assert convert_retry_policy({"max_retries": 0, "jitter": 0.5}) == (
        {"max_retries": 0, "backoff_factor": DEFAULT_POLICY.backoff_factor, "jitter": 0.5},
        [],
    )


@pytest.mark.parametrize(
    ("policy", "field"),
    [
        ({"max_retries": 101}, "max_retries"),
        ({"backoff_factor": -1}, "backoff_factor"),
        ({"max_backoff": 86_400 * 8}, "max_backoff"),
        ({"jitter": 1.5}, "jitter"),
        ({"max_age": 0}, "max_age"),
        ({"retry_on": [1000]}, "retry_on"),
        ({"delay": 1}, "delay"),
    ],
)
def test_a_wrong_member_is_named(policy: dict[str, object], field: str) -> None:
    _, (error,) = convert_retry_policy(policy)
    assert error.field == f"retry_policy.{field}"
