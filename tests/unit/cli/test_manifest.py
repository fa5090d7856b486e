"""A manifest: what is read, what is refused with its line, and what differs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from foliot.cli.exits import Stop
from foliot.cli.manifest.difference import changes, expected, warnings
from foliot.cli.manifest.document import Manifest, load, manifest_of
from foliot.cli.manifest.fields import in_full, short
from foliot.cli.manifest.located import read
from foliot.cli.manifest.written import yaml_text

WHOLE = """\
foliot: 1
set: billing
defaults: {timezone: Europe/Berlin, labels: {owner: billing}}
jobs:
  invoice-run:
    job_type: http_request
    schedule: "30 2 * * MON-FRI"
    payload: {url: http://billing.internal/run, method: POST}
  cleanup: {job_type: script, schedule: "@every 15m", script_file: cleanup.sh, timezone: UTC}
"""


def made(text: str) -> Manifest:
    return manifest_of(read(text, "f.yaml"), Path("f.yaml"))


def test_defaults_keys_and_script_files(tmp_path: Path) -> None:
    (tmp_path / "cleanup.sh").write_text("rm x\n")
    (tmp_path / "jobs.yaml").write_text(WHOLE)
    manifest = load(tmp_path / "jobs.yaml")
    assert manifest.set_name == "billing"
    invoice, cleanup = manifest.jobs["invoice-run"], manifest.jobs["cleanup"]
    assert (invoice["job_key"], invoice["job_name"], invoice["timezone"]) == (
        "invoice-run",
        "invoice-run",
        "Europe/Berlin",
    )
    assert (cleanup["payload"], cleanup["timezone"], cleanup["labels"]) == (
        {"script": "rm x\n"},
        "UTC",
        {"owner": "billing"},
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("schedule: \"30", "shedule: \"30"), "f.yaml:7: 'shedule' is not known here: did you mean schedule?"),
        (("method: POST", "methods: POST"), "did you mean method?"),
        (("  cleanup:", "  invoice-run:"), "f.yaml:9: 'invoice-run' stands here twice, first in line 5"),
        (("job_type: http_request", "job_type: http"), "f.yaml:5: job_type must be one of"),
        (("set: billing\n", ""), "the name of the set"),
        (("foliot: 1", "foliot: 2"), "begins with foliot: 1"),
        (("timezone: Europe", "zone: Europe"), "f.yaml:3: 'zone' is not known here: did you mean timezone?"),
        (("cleanup.sh", "nothing.sh"), "f.yaml:9: it cannot be read"),
        (("\"30 2 * * MON-FRI\"", "* * * * *"), "f.yaml:7:"),
        (("payload: {url", "payload: !!python/name:os.system {url"), "f.yaml:"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_line(change: tuple[str, str], says: str) -> None:
    with pytest.raises(Stop) as stop:
        made(WHOLE.replace(*change))
    assert says in str(stop.value)


def test_all_faults_at_once() -> None:
    with pytest.raises(Stop) as stop:
        made(WHOLE.replace("set:", "sets:").replace("method", "methid"))
    assert len(str(stop.value).splitlines()) >= 3


@pytest.mark.parametrize(
    "text", ["", "[]", "jobs: {}", "foliot: 1\nset: a", "foliot: 1\nset: a\njobs:", "a: &a [*a]", "\x00"]
)
def test_an_empty_or_wrong_file_is_no_manifest(text: str) -> None:
    with pytest.raises(Stop):
        made(text)


def test_yaml_means_what_version_1_2_says() -> None:
    text = "a: no\nb: on\nc: 1_000\nd: 012\ne: 2026-11-29\nf: 1e3\ng: true\nh: ~\ni: 0x1F\nj: -5\nk: '7'"
    assert list(read(text, "f").values()) == [
        "no",
        "on",
        "1_000",
        "012",
        "2026-11-29",
        1000.0,
        True,
        None,
        "0x1F",
        -5,
        "7",
    ]


@pytest.mark.parametrize(
    "value",
    ["", "no", "012", "1_000", "2026-11-29", "~", "a: b", "# no", "two\nlines\n", "two\nlines", "trailing \nspace", "\ttab\nx", "\x1b[2J",
     "é\n\u2028x", "- a", "*a", "null", "1e3", " lead\nx", "\n\nx\n\n", "a\r\nb", "\x85", "😀\n😀"],
)  # fmt: skip
def test_what_is_written_is_read_back(value: str) -> None:
    assert read(yaml_text({"a": [value], value: 1}), "f") == {"a": [value], value: 1}


SCRIPT = {"job_key": "a", "job_name": "a", "job_type": "script", "schedule": "@daily", "payload": {"script": "true"}}


def served(**fields: Any) -> dict[str, Any]:
    return SCRIPT | {"job_id": 5, "version": 3, "timezone": "UTC", "labels": {}, "priority": 0} | fields


def plan(job: dict[str, Any], shown: dict[str, Any]) -> Any:
    (found,) = changes(Manifest("s", {"a": job}), [shown])
    return found


def test_what_is_left_out_is_the_default_not_what_stands() -> None:
    assert plan(SCRIPT, served()).action == "same"
    assert plan(SCRIPT, served(priority=5)).fields == {"priority": (5, 0)}
    assert plan(SCRIPT | {"labels": {"a": "b"}}, served()).fields == {"labels": ({}, {"a": "b"})}
    assert plan(SCRIPT | {"retry_policy": {"delay_seconds": 5}}, served()).action == "change"
    shown = {
        "max_retries": 3,
        "delay_seconds": 5.0,
        "max_backoff": 3600,
        "jitter": 0,
        "max_age": None,
        "retry_on": None,
    }
    assert plan(SCRIPT | {"retry_policy": {"delay_seconds": 5}}, served(retry_policy=shown)).action == "same"
    assert (
        plan(SCRIPT | {"start_at": "2027-01-01T00:00:00Z"}, served(start_at="2027-01-01T00:00:00.000000Z")).action
        == "same"
    )


def test_only_what_the_set_owns_can_be_deleted() -> None:
    others = [served(job_key="b"), served(job_key="c", set="other"), served(job_key="d", set="s")]
    found = changes(Manifest("s", {"a": SCRIPT}), others)
    assert [(one.key, one.action) for one in found] == [("a", "create"), ("d", "delete")]
    assert expected(found) == {"d": '"3"'}


def test_many_at_one_instant_are_a_warning() -> None:
    jobs = {str(number): SCRIPT for number in range(100)}
    assert len(warnings(Manifest("s", jobs))) == 1
    assert warnings(Manifest("s", {key: job | {"schedule": "H 0 * * *"} for key, job in jobs.items()})) == []


def test_short_is_the_same_job() -> None:
    job = served(priority=5, retry_policy={"max_retries": 0}, start_at="2027-01-01T00:00:00.000000Z")
    assert in_full({"job_key": "a"} | short(job)) == in_full(job)
    assert set(short(served())) == {"job_name", "job_type", "schedule", "payload"}
