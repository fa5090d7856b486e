"""Every metric that the services define."""

from __future__ import annotations

from types import ModuleType

import msgspec
from prometheus_client.metrics import MetricWrapperBase

import foliot.api.metrics
import foliot.common.process.metrics
import foliot.scheduler.metrics
import foliot.worker.metrics

MODULES: dict[str, ModuleType] = {
    "every service": foliot.common.process.metrics,
    "api": foliot.api.metrics,
    "scheduler": foliot.scheduler.metrics,
    "worker": foliot.worker.metrics,
}
UNITS = {"seconds": "seconds", "bytes": "bytes", "timestamp": "Unix seconds"}


class Described(msgspec.Struct, frozen=True):
    """One metric; `exporter` is the service, `leader_only` says that it speaks of the whole cluster."""

    name: str
    type: str
    labels: tuple[str, ...]
    unit: str
    meaning: str
    exporter: str
    leader_only: bool

    @property
    def series(self) -> set[str]:
        """The names it has in Prometheus."""
        if self.type != "histogram":
            return {self.name}
        return {f"{self.name}_{part}" for part in ("bucket", "sum", "count")}


def catalogue() -> list[Described]:
    """By exporter, in the order of the code."""
    return [
        _described(metric, exporter)
        for exporter, module in MODULES.items()
        for metric in vars(module).values()
        if isinstance(metric, MetricWrapperBase)
    ]


def _described(metric: MetricWrapperBase, exporter: str) -> Described:
    (family,) = metric.describe()
    name = f"{family.name}_total" if family.type == "counter" else family.name
    return Described(
        name=name,
        type=family.type,
        labels=tuple(metric._labelnames),
        unit=UNITS.get(family.name.rpartition("_")[2], "events" if family.type == "counter" else "count"),
        meaning=family.documentation,
        exporter=exporter,
        leader_only=metric in foliot.scheduler.metrics.CLUSTER.registry._collector_to_names,
    )
