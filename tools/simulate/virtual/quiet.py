"""Quiet: while stories are played the product logs nothing, and garbage is collected between them alone.

An error that nobody looked at is found when its task is collected, which must not depend on the stories before."""

from __future__ import annotations

import contextlib
import gc
import logging
from collections.abc import Iterator

import structlog


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Turn the log and the collector off, and restore them."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()
        structlog.configure(**before)
