"""Routes of Alertmanager: the receivers of each alert."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cluster.alertmanager import Alertmanager
from monitoring import alerting

COMMITTED = alerting.ALERTS / "alertmanager.yml"


def amtool(*arguments: str) -> str:
    return subprocess.run(["amtool", *arguments], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        (("alertname=SchedulerDown", "severity=critical", "job=scheduler"), "pagerduty,slack"),
        (("alertname=WorkerDown", "severity=warning", "job=worker"), "slack"),
        (("alertname=Watchdog", "severity=none"), "watchdog"),
        (("alertname=Unheard", "severity=unknown"), "slack"),
    ],
)
def test_routes(labels: tuple[str, ...], receivers: str) -> None:
    assert amtool("config", "routes", "test", f"--config.file={COMMITTED}", *labels).strip() == receivers


def test_configuration_is_valid_with_and_without_keys(tmp_path: Path) -> None:
    """Without a key its receiver keeps its name and has nobody to notify."""
    for key in (None, "slack-webhook", "pagerduty-key"):
        if key:
            (tmp_path / key).write_text("secret")
        made = Alertmanager(directory=tmp_path, port=1, keys=tmp_path, settings=alerting.read_settings())
        config = tmp_path / "alertmanager.yml"
        config.write_text(made.configuration())
        assert "3 receivers" in amtool("check-config", str(config))
        assert ("slack_configs" in config.read_text()) == (key is not None)
        assert ("pagerduty_configs" in config.read_text()) == (key == "pagerduty-key")
        assert "secret" not in config.read_text()


def test_inhibited_alerts_exist() -> None:
    text = COMMITTED.read_text().partition("inhibit_rules:")[2].partition("receivers:")[0]
    quoted = {name for part in text.split('"')[1::2] for name in part.split("|")}
    rules = alerting.rules(alerting.read_settings())
    assert {name for name in quoted if f"- alert: {name}\n" not in rules} == set()


def test_every_setting_is_used() -> None:
    templates = "".join(path.read_text() for path in alerting.ALERTS.glob("*.in"))
    assert {name for name in alerting.read_settings() if f"@{name}@" not in templates} == set()
