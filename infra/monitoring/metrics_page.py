"""docs/metrics.md, as text."""

from __future__ import annotations

from monitoring.catalogue import MODULES, Described, catalogue

HEAD = """\
# Metrics

Made of the code by `make docs-metrics`. Every process answers `GET /metrics`. Prometheus names the services by its
label `job`: `api`, `scheduler`, `worker`. Label values are there from the start where they are known, so that `rate()`
sees the first failure. *Leader only*: a fact of the whole cluster, shown by the scheduler that leads; read it with
`max()`, and across a change of leader with `max(last_over_time(name[1m]))`.
"""


def metrics_page() -> str:
    metrics = catalogue()
    return HEAD + "".join(_section(name, [m for m in metrics if m.exporter == name]) for name in MODULES)


def _section(title: str, metrics: list[Described]) -> str:
    rows = "".join(
        f"| `{m.name}` | {m.type} | {', '.join(f'`{label}`' for label in m.labels)} | {m.unit} "
        f"| {m.meaning}{' *Leader only.*' if m.leader_only else ''} |\n"
        for m in metrics
    )
    head = "| name | type | labels | unit | meaning |\n|---|---|---|---|---|\n"
    return f"\n## {title.capitalize()}\n{head}{rows}"
