"""Grafana dashboards as data: panels that flow into rows of 24 columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

DATASOURCE = {"type": "prometheus", "uid": "foliot-prometheus"}
WIDTH = 24
GREEN, YELLOW, RED = "green", "yellow", "red"

Steps = Sequence[tuple[float | None, str]]
"""(from this value on, colour), the first from minus infinity."""


class Query(msgspec.Struct, frozen=True):
    """An expression and what its series are called."""

    expr: str
    legend: str = ""


class Panel(msgspec.Struct, frozen=True, kw_only=True):
    """`kind`: a Grafana panel type. `unit`: a Grafana unit id. `options` and `overrides` as Grafana has them."""

    title: str
    queries: tuple[Query, ...]
    unit: str
    kind: str = "timeseries"
    width: int = 12
    height: int = 8
    description: str = ""
    steps: Steps = ((None, GREEN),)
    mappings: tuple[tuple[str, str, str], ...] = ()
    options: dict[str, Any] = {}
    overrides: tuple[dict[str, Any], ...] = ()
    transformations: tuple[dict[str, Any], ...] = ()
    time_from: str | None = None

    @property
    def at_one_moment(self) -> bool:
        return self.kind in ("stat", "table", "gauge")


def stat(title: str, expr: str, unit: str, *, legend: str = "", steps: Steps = ((None, GREEN),), **more: Any) -> Panel:
    """One number, or one a series."""
    options = {"colorMode": "value", "graphMode": "none", "reduceOptions": {"calcs": ["lastNotNull"]}}
    return Panel(
        title=title, queries=(Query(expr, legend),), unit=unit, kind="stat", width=more.pop("width", 4),
        height=more.pop("height", 4), steps=steps, options=options, **more,
    )  # fmt: skip


def lines(title: str, unit: str, *queries: tuple[str, str], **more: Any) -> Panel:
    """Curves over time: (expression, legend) each."""
    return Panel(title=title, queries=tuple(Query(*query) for query in queries), unit=unit, **more)


def heat(title: str, expr: str, **more: Any) -> Panel:
    """A histogram's buckets over time."""
    options = {"calculate": False, "yAxis": {"unit": "s"}, "color": {"mode": "scheme", "scheme": "Oranges"}}
    return Panel(title=title, queries=(Query(expr, "{{le}}"),), unit="s", kind="heatmap", options=options, **more)


def p(quantile: float, histogram: str, by: str = "", where: str = "") -> str:
    """A quantile of a histogram of ours over $__rate_interval."""
    labels = f"{by}, le" if by else "le"
    return f"histogram_quantile({quantile}, sum by ({labels}) (rate({histogram}_bucket{where}[$__rate_interval])))"


def mean(histogram: str) -> str:
    """The mean of a histogram of ours over $__rate_interval."""
    return f"sum(rate({histogram}_sum[$__rate_interval])) / sum(rate({histogram}_count[$__rate_interval]))"


def dashboard(
    uid: str, title: str, description: str, panels: Sequence[Panel], variables: Sequence[dict[str, Any]] = ()
) -> dict[str, Any]:
    """What Grafana imports."""
    return {
        "uid": uid,
        "title": title,
        "description": description,
        "tags": ["foliot"],
        "timezone": "browser",
        "schemaVersion": 36,
        "version": 1,
        "refresh": "15s",
        "time": {"from": "now-1h", "to": "now"},
        "editable": False,
        "templating": {"list": list(variables)},
        "panels": [_panel(n + 1, one, place) for n, (one, place) in enumerate(zip(panels, _flow(panels), strict=True))],
    }


def _flow(panels: Sequence[Panel]) -> list[dict[str, int]]:
    places = []
    x = y = tallest = 0
    for panel in panels:
        if x + panel.width > WIDTH:
            x, y, tallest = 0, y + tallest, 0
        places.append({"x": x, "y": y, "w": panel.width, "h": panel.height})
        x, tallest = x + panel.width, max(tallest, panel.height)
    return places


def _panel(number: int, panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": DATASOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": _defaults(panel), "overrides": list(panel.overrides)},
        "options": panel.options,
        "targets": [_target(panel, letter, query) for letter, query in zip("ABCDEFGH", panel.queries, strict=False)],
        "transformations": list(panel.transformations),
    }
    if panel.time_from is not None:
        made["timeFrom"] = panel.time_from
    return made


def _target(panel: Panel, letter: str, query: Query) -> dict[str, Any]:
    shape = {"table": "table", "heatmap": "heatmap"}.get(panel.kind, "time_series")
    return {
        "refId": letter,
        "datasource": DATASOURCE,
        "expr": query.expr,
        "legendFormat": query.legend,
        "instant": panel.at_one_moment,
        "range": not panel.at_one_moment,
        "format": shape,
    }


def _defaults(panel: Panel) -> dict[str, Any]:
    steps = [{"value": value, "color": colour} for value, colour in panel.steps]
    options = {value: {"text": text, "color": colour} for value, text, colour in panel.mappings}
    return {
        "unit": panel.unit,
        "thresholds": {"mode": "absolute", "steps": steps},
        "mappings": [{"type": "value", "options": options}] if options else [],
        "custom": {"fillOpacity": 10} if panel.kind == "timeseries" else {},
    }
