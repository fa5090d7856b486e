"""A cron expression in words that say what fires: they come from its parsed fields, not from its text."""

from __future__ import annotations

from foliot.api.preview.clock_words import clock_words
from foliot.api.preview.day_words import day_words
from foliot.common.schedules.kinds import Cron


def describe_cron(cron: Cron) -> str:
    """As in `At 09:00 AM, Monday through Friday`."""
    return ", ".join([clock_words(cron), *day_words(cron)])
