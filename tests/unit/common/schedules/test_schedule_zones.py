"""Zones by name, and the offset changes that the core finds by probing."""

import struct
import subprocess
import sys
import zoneinfo
from collections.abc import Iterator
from importlib.metadata import version
from importlib.resources import files
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from foliot.common.schedules.errors import ScheduleError
from foliot.common.schedules.offsets import Change, changes, year_start
from foliot.common.schedules.zones import TZDATA_VERSION, zone


def test_a_zone_is_one_object() -> None:
    assert zone("Europe/Berlin") is zone("Europe/Berlin")
    assert zone("Europe/Berlin").key == "Europe/Berlin"


def test_all_iana_names_are_known() -> None:
    for name in zoneinfo.available_timezones():
        assert zone(name).key == name


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("Europe/Berlim", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("America/NewYork", "America/New_York"),
        ("Pacific/Appia", "Pacific/Apia"),
        ("", "Europe/Berlin or UTC"),
        ("+02:00", "Europe/Berlin or UTC"),
        ("../../etc/passwd", "Europe/Berlin or UTC"),
        ("Europe/Berlin\x00", "Europe/Berlin"),
        ("x" * 100_000, "Europe/Berlin or UTC"),
        ("Europe", "Europe"),
    ],
)
def test_unknown_names_get_a_remedy(name: str, remedy: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        zone(name)
    assert "unknown time zone" in caught.value.message
    assert remedy in caught.value.message
    assert len(caught.value.message) < 200


def test_the_pinned_version_is_told() -> None:
    assert version("tzdata") == TZDATA_VERSION


def test_pinned_tzdata_hides_the_hosts(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A host whose Europe/Berlin is UTC changes nothing."""
    host = tmp_path_factory.mktemp("zoneinfo")
    (host / "Europe").mkdir()
    utc = files("tzdata").joinpath("zoneinfo", "UTC").read_bytes()
    (host / "Europe" / "Berlin").write_bytes(utc)
    program = (
        "import zoneinfo, datetime as d\n"
        "from foliot.common.schedules.zones import use_pinned_tzdata, zone\n"
        "noon = d.datetime(2026, 7, 1, 12, tzinfo=d.UTC)\n"
        "print(noon.astimezone(zone('Europe/Berlin')).hour)\n"
        "use_pinned_tzdata()\n"
        "print(noon.astimezone(zone('Europe/Berlin')).hour, zoneinfo.TZPATH)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONTZPATH": str(host)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "12\n14 ()\n"


SHORTEST_OFFSET = 5 * 86_400
"""Seconds; what the probing of offsets.py relies on."""


def _changes_in_file(name: str) -> Iterator[Change]:
    """The offset changes that a TZif file lists (RFC 8536), read without zoneinfo."""
    data = files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes()
    utc, standard, leaps, times, types, letters = struct.unpack(">6l", data[20:44])
    second = 44 + times * 5 + types * 6 + letters + leaps * 8 + standard + utc
    _, _, _, times, types, _ = struct.unpack(">6l", data[second + 20 : second + 44])
    at = second + 44
    instants = struct.unpack(f">{times}q", data[at : at + 8 * times])
    indexes = data[at + 8 * times : at + 9 * times]
    offsets = [struct.unpack(">lbb", data[at + 9 * times + 6 * n :][:6])[0] for n in range(types)]
    before = offsets[0]
    for instant, index in zip(instants, indexes, strict=True):
        if offsets[index] != before:
            yield Change(instant, before, offsets[index])
        before = offsets[index]


def test_probing_finds_every_change_of_every_zone() -> None:
    first, last = year_start(1995), year_start(2041)
    for name in sorted(zoneinfo.available_timezones()):
        listed = [change for change in _changes_in_file(name) if first <= change.at < last]
        assert all(low.at + SHORTEST_OFFSET < high.at for low, high in pairwise(listed)), name
        end = max((change.at for change in listed), default=first)
        zone_info = ZoneInfo(name)
        found = {change for year in range(1995, 2041) for change in changes(zone_info, year)}
        assert sorted(change for change in found if first <= change.at <= end) == listed, name
