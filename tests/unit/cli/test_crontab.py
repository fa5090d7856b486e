"""A crontab as a manifest: each line is a job or is named, and means what it meant."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from foliot.cli.importers.cron_fields import FIELDS, values
from foliot.cli.importers.crontab import Crontab, split_at_percent
from foliot.cli.importers.found import Found
from foliot.cli.manifest.document import manifest_of
from foliot.cli.manifest.located import read
from foliot.common.schedules.timetable import from_fields

TAB = r"""
SHELL=/bin/bash
MAILTO="ops@example.org"
PATH=/usr/local/bin:/usr/bin
GREETING = 'hello you'
# nightly dump
30 2 * * * /opt/db/backup.sh --full > /tmp/x_$(date +\%F).log 2>&1
0 9 1,15 * 1-5 mail -s hi you%Hello%There
@midnight /usr/bin/find /tmp -delete
@reboot /opt/start
#0 1 * * * /opt/old
MAILTO=
0~59 3 * * Sun random
CRON_TZ=Europe/Berlin
-15 22-23,0-2 * JAN-mar fri berlin
"""


def imported(text: str, *, users: bool = False) -> Found:
    return Crontab("tab", "UTC", users=users).read(text)


def test_every_line_is_a_job_or_is_named() -> None:
    found = imported(TAB)
    lines = [line for line in TAB.splitlines() if line[:1] in set("0@-#3") and "dump" not in line]
    assert len(found.jobs) + len(found.refused) == len(lines)
    assert [one.text for one in found.refused] == ["@reboot /opt/start", "#0 1 * * * /opt/old"]
    assert all(one.text in found.manifest("a") and one.text in found.report() for one in found.refused)


def test_what_cron_was_told_beside_the_lines() -> None:
    backup, mail, find, random, berlin = imported(TAB).jobs
    assert backup.fields["description"] == "nightly dump"
    assert backup.fields["payload"] == {
        "script": "export PATH=/usr/local/bin:/usr/bin\n/opt/db/backup.sh --full > /tmp/x_$(date +%F).log 2>&1",
        "interpreter": "/bin/bash", "env": {"GREETING": "hello you"},
    }  # fmt: skip
    assert "ops@example.org" in str(mail.notes)
    assert find.fields["schedule"] == "@daily"
    assert (random.fields["schedule"], "mailed" in str(random.notes)) == ("H(0-59) 3 * * sun", False)
    assert (berlin.fields["schedule"], berlin.fields["timezone"]) == ("15 22-23,0-2 * jan-mar fri", "Europe/Berlin")
    assert len({job.key for job in imported(TAB).jobs}) == 5


def test_percent_is_standard_input() -> None:
    assert split_at_percent(r"a \% b%c\%%d") == ("a % b", "c%\nd\n")
    (job,) = imported("* * * * * cat; echo end%one%%two ' $HOME\n").jobs
    ran = subprocess.run(["/bin/sh", "-c", job.fields["payload"]["script"]], capture_output=True, text=True, check=True)
    assert ran.stdout == "one\n\ntwo ' $HOME\nend\n"


def test_a_user_column() -> None:
    (job,) = imported("17 *\t* * *\troot    cd / && run-parts --report /etc/cron.hourly\n", users=True).jobs
    assert job.fields["payload"] == {"script": "cd / && run-parts --report /etc/cron.hourly"}
    assert "root" in str(job.notes)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("5/15 * * * * x", "5-59/15"),
        ("*/90 * * * * x", "write 0"),
        ("0 22-2 * * * x", "backwards"),
        ("60 * * * * x", "is no minute"),
        ("0 0 30 2 * x", "never"),
        ("* * * * Monday x", "is no day of week"),
        ("* * L * * x", "is no day of month"),
        ("*/0 * * * * x", "no step"),
        ("* * * * *", "no command"),
        ("1,,2 * * * * x", "is no minute"),
        ("@fortnightly x", "not known"),
        ("hello", "no five fields"),
    ],
)
def test_what_cannot_be_a_job_is_named_with_the_reason(line: str, says: str) -> None:
    found = imported(f"{line}\n0 0 * * * next\n")
    assert [says in one.reason for one in found.refused] == [True], found.refused
    assert [job.key for job in found.jobs] == ["next"]


def test_a_manifest_is_what_plan_reads() -> None:
    hostile = "0 0 * * * echo 'é\x1b[2J: - {#}' \\\n# yes: no\n1 1 * * * echo on\n"
    for tab in (TAB, hostile, ""):
        found = imported(tab)
        manifest = manifest_of(read(found.manifest("moved"), "f"), Path("f"))
        assert manifest.set_name == "moved"
        assert {key: job["payload"] for key, job in manifest.jobs.items()} == {
            job.key: job.fields["payload"] for job in found.jobs
        }
        assert all(job["overlap_policy"] == "allow" for job in manifest.jobs.values())


SCHEDULES = [
    "30 2 * * *", "*/5 * * * *", "0 9-17 * * 1-5", "15,45 */2 * * *", "0 0 1 * *", "0 0 1,15 * 5", "0 12 */2 * 1", "1-59/2 3 * * 0",
    "0 0 29 2 *", "5 4 * jan-mar sun", "0 0 * * 7", "0 0 * * 5-7", "0 22 * * */2", "10-20/5,40 6 31 * *", "0 0 1-7 * 1",
]  # fmt: skip


@pytest.mark.parametrize("text", SCHEDULES)
def test_the_next_firings_are_those_of_crontab_5(text: str) -> None:
    """A minute by minute reading of crontab(5): both day fields, unless both are restricted, then either."""
    (job,) = imported(f"{text} x").jobs
    fields = text.split()
    minute, hour, day, month, weekday = (values(one, field) for one, field in zip(fields, FIELDS, strict=True))
    either = not fields[2].startswith("*") and not fields[4].startswith("*")
    expected: list[datetime] = []
    now = datetime(2027, 1, 1, tzinfo=UTC)
    while len(expected) < 50 and now.year < 2030:
        days = now.day in day, (now.isoweekday() % 7) in {one % 7 for one in weekday}
        fits = now.month in month and (any(days) if either else all(days))
        if not fits:
            now += timedelta(days=1)
            continue
        expected += [
            now.replace(hour=h, minute=m) for h in sorted(hour) for m in sorted(minute)
        ]  # fmt: skip
        now += timedelta(days=1)
    table = from_fields(schedule=job.fields["schedule"], timezone="UTC", anchor=now)
    found = table.ticks(datetime(2026, 12, 31, 23, 59, tzinfo=UTC), datetime(2029, 12, 31, 23, 59, tzinfo=UTC), 50)
    assert found == expected[:50]
