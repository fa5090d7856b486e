"""Alert rules and their routing: the .in files of infra/alerts with the values of settings.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

ALERTS = Path(__file__).resolve().parents[1] / "alerts"
AS_BEFORE = "max_over_time(foliot:workers_up[1h])"
"""How many workers are expected where nobody has said it."""

Settings = Mapping[str, str | int | float]


def read_settings() -> Settings:
    return tomllib.loads((ALERTS / "settings.toml").read_text())


def rules(settings: Settings) -> str:
    """The rule file of Prometheus."""
    expected = settings["workers_expected"]
    return _fill("rules.yml.in", {**settings, "workers_expected": f"vector({expected})" if expected else AS_BEFORE})


def routing(settings: Settings) -> str:
    """The configuration of Alertmanager."""
    return _fill("alertmanager.yml.in", settings)


def _fill(template: str, values: Settings) -> str:
    """Raises KeyError for a place that no setting fills."""
    return re.sub(r"@([a-z_]+)@", lambda place: str(values[place[1]]), (ALERTS / template).read_text())


def alert_rules() -> dict[str, str]:
    """The committed files."""
    settings = read_settings()
    return {"infra/alerts/rules.yml": rules(settings), "infra/alerts/alertmanager.yml": routing(settings)}
