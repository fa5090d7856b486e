"""First on the path of a process that shall be measured without metrics: nothing is counted, nothing is shown."""

from __future__ import annotations

from typing import Any

from prometheus_client import REGISTRY, Counter, Gauge, Histogram

import foliot.common.process.metrics


def nothing(*_args: Any, **_kwargs: Any) -> Any:
    return ()


Counter.inc = Gauge.set = Gauge.inc = Gauge.dec = Histogram.observe = nothing
REGISTRY.collect = nothing
foliot.common.process.metrics.observe_query = foliot.common.process.metrics.count = nothing
