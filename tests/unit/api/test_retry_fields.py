"""A retry_policy has one set of bounds and defaults, the model's: the API's and the column's are the same."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from foliot.api.jobs.definition import decode
from foliot.api.jobs.retry_fields import convert_retry_policy
from foliot.api.jobs.shown_policy import shown_policy
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
        ({"delay_seconds": -1}, "delay_seconds"),
        ({"delay_seconds": 60, "backoff_factor": 3}, "delay_seconds"),
    ],
)
def test_a_wrong_member_is_named(policy: dict[str, object], field: str) -> None:
    _, (error,) = convert_retry_policy(policy)
    assert error.field == f"retry_policy.{field}"


@pytest.mark.parametrize("job_type", ["script", "http_request"])
@pytest.mark.parametrize(
    "given",
    [{}, {"max_retries": 0}, {"backoff_factor": 60, "jitter": 0.5}, {"delay_seconds": 600}, {"max_age": 60},
     {"retry_on": [503, "network"]}, {"max_backoff": 60}],
)  # fmt: skip
def test_what_is_shown_can_be_sent_back(given: dict[str, object], job_type: str) -> None:
    stored, _ = convert_retry_policy(given)
    again, errors = convert_retry_policy(shown_policy(stored, job_type).members)
    assert (again, errors) == (stored, [])


def test_every_member_in_force_is_shown() -> None:
    assert shown_policy({"delay_seconds": 600.0, "max_retries": 2}, "http_request").members == {
        "max_retries": 2, "delay_seconds": 600, "max_backoff": 3600, "jitter": 0, "max_age": None,
        "retry_on": ["408", "429", "5xx", "network"],
    }  # fmt: skip
    assert "delay_seconds" not in shown_policy(STORED_BY_DEFAULT, "script").members


def test_nonsense_in_a_row_is_shown_as_what_counts() -> None:
    assert shown_policy({"max_retries": "many"}, "script") == shown_policy(STORED_BY_DEFAULT, "script")


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ({}, "3 s, 9 s, 27 s"),
        ({"backoff_factor": 60}, "60 s, 1 h, 1 h"),
        ({"max_retries": 0}, "no retry"),
        ({"max_retries": 1, "delay_seconds": 5_400}, "1 h 30 min"),
        ({"max_retries": 2, "delay_seconds": 0.5}, "0.5 s, 0.5 s"),
        ({"max_retries": 6, "backoff_factor": 2}, "2 s, 4 s, 8 s, 16 s, 32 s, 64 s"),
        ({"max_retries": 100, "backoff_factor": 2}, "2 s, 4 s, 8 s, 16 s, 32 s, ..., 1 h"),
        ({"max_retries": 1, "jitter": 0.25}, "3 s, each +/- 25 %"),
        ({"max_retries": 1, "delay_seconds": 86_400 * 7}, "7 d"),
    ],
)
def test_the_delays_in_words(policy: dict[str, object], words: str) -> None:
    assert shown_policy(policy, "script").delays == words
