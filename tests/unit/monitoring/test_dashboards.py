"""Dashboards, rules and documents name the metrics of the code, all of them and no others; panels stand side by side."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from monitoring import alerting
from monitoring.catalogue import catalogue
from monitoring.dashboards import dashboards

ROOT = Path(__file__).parents[3]
NOT_OURS = {
    "up", "ALERTS", "process_cpu_seconds_total", "process_resident_memory_bytes",
    "prometheus_rule_evaluation_failures_total", "alertmanager_notifications_failed_total",
}  # fmt: skip
WORDS = {
    "and", "or", "unless", "by", "on", "bool", "sum", "max", "min", "count", "rate", "increase", "topk", "time", "vector",
    "scalar", "quantile", "histogram_quantile", "last_over_time", "max_over_time", "absent", "label_values",
}  # fmt: skip
OTHER_WORDS = {  # of documents, that begin like a metric
    "job_id", "job_name", "job_type", "job_scheduled", "job_unplannable", "worker_id", "http_request", "dead_letters",
    "dead_letter_queue", "duty_failed", "pg_stat_replication", "pg_replication_slots",
    "pg_class", "pg_dump", "pg_ls_waldir", "pg_size_pretty", "pg_total_relation_size", "pg_wal",
}  # fmt: skip
SERIES = {series for metric in catalogue() for series in metric.series}
RULES = re.sub(r" *#.*", "", alerting.rules(alerting.read_settings()).partition("groups:")[2])
RECORDED = set(re.findall(r"- record: (\S+)", RULES))


def names(expression: str) -> set[str]:
    """The metrics of an expression: what is neither a label, a value, a function nor a word of PromQL."""
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]|\b(by|on)\s*\([^)]*\)', " ", expression)
    return set(re.findall(r"[a-zA-Z_][a-zA-Z0-9_:]*", bare)) - WORDS


def panels() -> list[tuple[str, dict[str, Any]]]:
    return [(one["uid"], panel) for one in dashboards() for panel in one["panels"]]


def panel_expressions() -> list[str]:
    return [target["expr"] for _, panel in panels() for target in panel["targets"]]


def rule_expressions() -> list[str]:
    return re.findall(r"expr: (?:\|\n)?((?:.|\n)*?)\n(?= +(?:- |for:|labels:)|\n|\Z)", RULES)


def test_rules_are_all_read() -> None:
    assert len(rule_expressions()) == RULES.count("expr:")


def test_every_name_exists() -> None:
    known = SERIES | NOT_OURS | RECORDED
    for expression in panel_expressions() + rule_expressions():
        assert names(expression) <= known, names(expression) - known


def test_every_metric_of_the_code_is_shown() -> None:
    shown = {name for expression in panel_expressions() + rule_expressions() for name in names(expression)}
    for metric in catalogue():
        assert metric.series & shown, f"no panel and no rule shows {metric.name}"


def test_every_recorded_rule_is_used() -> None:
    used = {name for expression in panel_expressions() + rule_expressions() for name in names(expression)}
    assert used >= RECORDED, RECORDED - used


@pytest.mark.parametrize("document", ["docs/runbook.md", "docs/operations.md", "docs/metrics.md"])
def test_documents_name_what_exists(document: str) -> None:
    text = (ROOT / document).read_text()
    prefixes = {name.partition("_")[0] for name in SERIES}
    quoted = set(re.findall(r"(?<![:\w])((?:" + "|".join(prefixes) + r")_[a-z0-9_]+)\b", text))
    known = SERIES | {metric.name for metric in catalogue()} | NOT_OURS | set(alerting.read_settings()) | OTHER_WORDS
    assert quoted <= known, quoted - known
    assert set(re.findall(r"foliot:[a-z_:0-9]*[a-z0-9]", text)) <= RECORDED


def test_panels_do_not_overlap_and_have_units() -> None:
    for one in dashboards():
        taken: set[tuple[int, int]] = set()
        assert len({panel["id"] for panel in one["panels"]}) == len(one["panels"])
        for panel in one["panels"]:
            place = panel["gridPos"]
            cells = {
                (x, y)
                for x in range(place["x"], place["x"] + place["w"])
                for y in range(place["y"], place["y"] + place["h"])
            }
            assert place["x"] + place["w"] <= 24
            assert not taken & cells, panel["title"]
            taken |= cells
            assert panel["fieldConfig"]["defaults"]["unit"]
            assert panel["targets"]


def test_uids_and_titles() -> None:
    assert [(one["uid"], one["title"]) for one in dashboards()] == [
        ("foliot-overview", "Job Scheduler - System Overview"),
        ("foliot-executions", "Job Execution Details"),
        ("foliot-internals", "Scheduler internals"),
    ]


def test_the_datasource_is_the_provisioned_one() -> None:
    provisioned = (alerting.ALERTS.parent / "dashboards/provisioning/datasources/foliot.yml").read_text()
    used = set(re.findall(r'"uid": ?"(foliot-prometheus)"', json.dumps(dashboards())))
    assert used == {re.findall(r"uid: (\S+)", provisioned)[0]}
