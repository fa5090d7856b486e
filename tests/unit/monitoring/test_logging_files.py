"""Index template, lifecycle policy, Fluentd and Kibana agree with each other and with what the services write."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
LOGGING = ROOT / "infra" / "logging"
TEMPLATE: dict[str, Any] = json.loads((LOGGING / "index-template.json").read_text())
FIELDS = set(TEMPLATE["template"]["mappings"]["properties"])
CONTRACT = {
    "timestamp", "service", "level", "message", "event", "job_id", "user_id", "team_id", "execution_id", "attempt_number",
    "next_run_time", "request_id", "trace_id", "worker_id", "duration", "error",
}  # fmt: skip


def log_fields() -> Iterator[tuple[str, str]]:
    """(file, field) of every keyword given to a log call of the services."""
    for folder in ("libs", "services"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and re.fullmatch(r"_?log(\.\w+)?", ast.unparse(node.func)):
                    yield from ((path.name, keyword.arg) for keyword in node.keywords if keyword.arg)


def test_every_field_that_is_logged_is_typed() -> None:
    found = set(log_fields())
    assert len(found) > 20
    assert {(file, field) for file, field in found if field not in FIELDS | {"exc_info"}} == set()


def test_the_contracts_fields_are_typed() -> None:
    assert CONTRACT <= FIELDS


def saved() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (LOGGING / "kibana.ndjson").read_text().splitlines()]


def test_kibanas_objects_refer_to_what_is_there() -> None:
    ids = {(one["type"], one["id"]) for one in saved()}
    assert len(ids) == len(saved())
    for one in saved():
        for reference in one["references"]:
            assert (reference["type"], reference["id"]) in ids
    (view,) = [one["attributes"] for one in saved() if one["type"] == "index-pattern"]
    assert [view["title"]] == TEMPLATE["index_patterns"]
    assert view["timeFieldName"] in FIELDS


def test_kibanas_searches_use_typed_fields_and_are_the_seeds() -> None:
    queries = set()
    for one in saved():
        if "kibanaSavedObjectMeta" not in one["attributes"]:
            continue
        query = json.loads(one["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])["query"]["query"]
        queries.add(query)
        assert set(re.findall(r"([a-z_]+):", query)) <= FIELDS
        assert set(one["attributes"].get("columns", [])) <= FIELDS
    assert queries >= {
        "level:ERROR AND timestamp:[now-1h TO now]",
        "job_id:12345",
        "duration:>5000 AND service:worker",
        "action:DELETE_JOB AND job_id:999",
    }


def test_the_policy_is_the_templates() -> None:
    assert TEMPLATE["template"]["settings"]["index.lifecycle.name"] == "foliot-logs"
    phases = json.loads((LOGGING / "lifecycle-policy.json").read_text())["policy"]["phases"]
    assert "delete" in phases["delete"]["actions"]


def test_fluentd_writes_to_the_templates_indices_and_never_gives_up() -> None:
    text = (LOGGING / "fluent.conf").read_text()
    assert re.search(r"index_name foliot-logs-%Y", text)
    assert "retry_forever true" in text
    assert re.search(r"<buffer[^>]*>\s+@type file", text)
