"""`python -m monitoring docs-metrics`: write what is made of the code."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

from foliot.api.operations.document import written
from monitoring.alerting import alert_rules
from monitoring.client_operations import operations_module
from monitoring.client_types import defaults_module, types_module
from monitoring.configuration_page import configuration_page
from monitoring.dashboards import dashboard_files
from monitoring.events_page import events_page
from monitoring.job_types_page import job_types_page
from monitoring.metrics_page import metrics_page

REPOSITORY = Path(__file__).resolve().parents[2]


def client_files() -> dict[str, str]:
    """What the client has of the description."""
    document, folder = json.loads(written()), "libs/client/src/foliot/client"
    return {
        f"{folder}/types.py": types_module(document),
        f"{folder}/operations.py": operations_module(document),
        f"{folder}/defaults.py": defaults_module(document),
    }


COMMANDS: dict[str, Callable[[], dict[str, str]]] = {
    "docs-metrics": lambda: {"docs/metrics.md": metrics_page()},
    "docs-events": lambda: {"docs/events.md": events_page()},
    "docs-configuration": lambda: {"docs/configuration.md": configuration_page()},
    "docs-job-types": lambda: {"docs/job-types.md": job_types_page()},
    "openapi": lambda: {"docs/openapi.json": written()} | client_files(),
    "alerts": alert_rules,
    "dashboards": dashboard_files,
}


def main() -> None:
    for path, text in COMMANDS[sys.argv[1]]().items():
        (REPOSITORY / path).write_text(text)


if __name__ == "__main__":
    main()
