"""`python -m monitoring docs-metrics`: write what is made of the code."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from monitoring.alerting import alert_rules
from monitoring.dashboards import dashboard_files
from monitoring.reference import reference

REPOSITORY = Path(__file__).resolve().parents[2]


def documents() -> dict[str, str]:
    return {"docs/metrics.md": reference()}


COMMANDS: dict[str, Callable[[], dict[str, str]]] = {
    "docs-metrics": documents,
    "alerts": alert_rules,
    "dashboards": dashboard_files,
}


def main() -> None:
    for path, text in COMMANDS[sys.argv[1]]().items():
        (REPOSITORY / path).write_text(text)


if __name__ == "__main__":
    main()
