"""The life of a process: start, stop by a signal, exit code."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from importlib.metadata import version
from typing import TypeVar

import structlog
import uvloop

from foliot.common.clock import Clock
from foliot.common.errors import ConfigError, SchemaUnknown
from foliot.common.process import config, events, metrics
from foliot.common.process.logs.setup import configure
from foliot.common.process.settings import ServiceConfig
from foliot.common.schedules.zones import use_pinned_tzdata

_Config = TypeVar("_Config", bound=ServiceConfig)
_log = structlog.get_logger()

EXIT_CONFIG = 78
"""Exit code of a wrong configuration or schema: EX_CONFIG of sysexits.h. A restart does not help."""
_LAG_SECONDS = 0.25
"""Time between two measurements of the event loop: often enough to meet short stalls, at no cost."""


def serve(service: str, config_type: type[_Config], run: Callable[[_Config, asyncio.Event], Awaitable[None]]) -> None:
    """Run a service until SIGTERM or SIGINT sets its stop event. The exit code says why the process
    ended."""
    environ: Mapping[str, str] = os.environ
    use_pinned_tzdata()
    try:
        loaded = config.load(config_type, environ)
    except ConfigError as error:
        configure(service, "INFO")
        _log.error(events.CONFIG_WRONG, error=str(error))
        sys.exit(EXIT_CONFIG)
    configure(service, loaded.log_level)
    metrics.BUILD_INFO.labels(version(f"foliot-{service}"), version("tzdata")).set(1)
    gc.freeze()  # loaded code stays: no full collection walks through it
    gc.set_threshold(20_000, 20, 20)  # allocations before a collection: a batch of rows must not cause one
    try:
        uvloop.run(_until_stopped(service, loaded, run))
    except (SchemaUnknown, ConfigError) as error:
        _log.error(events.CONFIG_WRONG if isinstance(error, ConfigError) else events.SCHEMA_UNKNOWN, error=str(error))
        sys.exit(EXIT_CONFIG)
    except Exception as error:
        _log.error(events.CRASHED, exc_info=error)
        sys.exit(1)


async def _until_stopped(
    service: str, loaded: _Config, run: Callable[[_Config, asyncio.Event], Awaitable[None]]
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    _log.info(events.STARTING, version=version(f"foliot-{service}"))
    await run(loaded, stop)
    _log.info(events.STOPPED)


async def watch_loop(clock: Clock) -> None:
    """Measure how late the event loop wakes a task, for ever."""
    while True:
        before = clock.elapsed()
        await clock.sleep(_LAG_SECONDS)
        metrics.EVENT_LOOP_LAG.observe(max(0.0, clock.elapsed() - before - _LAG_SECONDS))
