"""Celery's beat_schedule as a manifest."""

from __future__ import annotations

from pathlib import Path

import pytest

from foliot.cli.importers.celery_beat import celery_beat
from foliot.cli.importers.found import Found
from foliot.cli.manifest.document import manifest_of
from foliot.cli.manifest.located import read


def imported(entry: str) -> Found:
    return celery_beat(
        f"app.conf.timezone = 'Europe/London'\napp.conf.beat_schedule = {{'an entry': {entry}}}\n", "f", "shop"
    )


@pytest.mark.parametrize(
    ("written", "schedule"),
    [
        ("crontab()", "* * * * *"),
        ("crontab(minute=0, hour='*/3')", "0 */3 * * *"),
        ("crontab(0, 0, day_of_week='sunday,mon-friday')", "0 0 * * sun,mon-fri"),
        ("crontab(minute='0', hour='22-2')", "0 22-23,0-2 * * *"),
        ("crontab(minute=[30, 0], hour=[8], day_of_month='1, 15')", "0,30 8 1,15 * *"),
        ("schedules.crontab(0, 0, 1)", "0 0 * * 1"),
        ("timedelta(minutes=1, seconds=30)", "@every 90s"),
        ("30.0", "@every 30s"),
    ],
)
def test_schedules(written: str, schedule: str) -> None:
    (job,) = imported(f"{{'task': 'a.b', 'schedule': {written}}}").jobs
    assert job.fields["schedule"] == schedule


def test_tasks_with_their_arguments_and_options() -> None:
    found = imported(
        "{'task': 'a.b', 'schedule': 5, 'args': (1, 'x y'), 'kwargs': {'k': None}, 'options': {'queue': 'q', 'priority': 3}}"
    )
    (job,) = found.jobs
    assert job.fields["payload"] == {
        "script": "exec celery -A shop call a.b '--args=[1, \"x y\"]' '--kwargs={\"k\": null}' --queue=q\n"
    }
    assert "the option priority is not imported" in job.notes
    manifest = manifest_of(read(found.manifest("s"), "f"), Path("f"))
    assert manifest.jobs["an-entry"]["timezone"] == "Europe/London"


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("{'task': 'a', 'schedule': crontab(0, 0, day_of_week=1, day_of_month='1-7')}", "both days must fit"),
        ("{'task': 'a', 'schedule': solar('sunset', 1, 2)}", "solar(...) has no form"),
        ("{'task': 'a', 'schedule': EVERY}", "computed"),
        ("{'task': 'a', 'schedule': 0.5}", "whole second"),
        ("{'task': 'a', 'schedule': crontab(0, nowfun=now)}", "computed"),
        ("{'task': 'a', 'schedule': crontab(minute='*/90')}", "write 0"),
        ("{'task': TASK, 'schedule': 5}", "computed"),
        ("{'schedule': 5}", "no task"),
        ("entry(5)", "computed"),
    ],
)
def test_what_does_not_map_is_named(entry: str, says: str) -> None:
    found = imported(entry)
    assert (found.jobs, len(found.refused)) == ([], 1)
    assert says in found.refused[0].reason


def test_every_way_to_say_it() -> None:
    for text in (
        "CELERY_BEAT_SCHEDULE = {'a': {'task': 't', 'schedule': 5}}",
        "app.conf.update(beat_schedule={'a': {'task': 't', 'schedule': 5}})",
    ):
        assert len(celery_beat(text, "f", "shop").jobs) == 1
    assert len(celery_beat("beat_schedule = made()", "f", "shop").refused) == 1
    assert len(celery_beat("beat_schedule = {**others, 'a': {'task': 't', 'schedule': 5}}", "f", "shop").refused) == 1
