"""A process that has computed no schedule yet."""

from foliot.common.schedules import firetimes, grammar, offsets, stretches


def forget_schedules() -> None:
    """Empty what the modules of schedules keep between calls."""
    for cache in (grammar._parse, firetimes.fire_times, stretches.stretches, offsets.changes):
        cache.cache_clear()
