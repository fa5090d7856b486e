"""Time zones by IANA name, from the pinned tzdata package."""

import difflib
import zoneinfo
from functools import lru_cache
from importlib.metadata import version
from zoneinfo import ZoneInfo

from foliot.common.schedules.errors import ScheduleError

TZDATA_VERSION = version("tzdata")


def use_pinned_tzdata() -> None:
    """Read time zones from the tzdata package alone, not from the host. Call it before anything else.

    Two hosts with different time zone files would otherwise plan different ticks.
    """
    zoneinfo.reset_tzpath([])
    ZoneInfo.clear_cache()
    zone.cache_clear()
    _names.cache_clear()
    _by_lower_case.cache_clear()


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The zone of an IANA name, always the same object. Raises ScheduleError for an unknown name."""
    if name not in _names():
        near = difflib.get_close_matches(name[:64], _names(), n=1, cutoff=0.5)
        raise ScheduleError(f"unknown time zone {name[:64]!a}", example=near[0] if near else "Europe/Berlin or UTC")
    return ZoneInfo(name)


def named(text: str) -> str | None:
    """The IANA name that `text` is in any case, None if it is none."""
    return _by_lower_case().get(text.lower())


@lru_cache(maxsize=1)
def _by_lower_case() -> dict[str, str]:
    return {name.lower(): name for name in _names()}


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())
