"""Dashboards and alerts ask for statements that exist, by the label `query` of db_query_duration_seconds."""

from __future__ import annotations

import re
from pathlib import Path

from monitoring import alerting
from monitoring.dashboards import dashboard_files

ROOT = Path(__file__).parents[3]


def statement_names() -> set[str]:
    folders = [ROOT / "libs", ROOT / "services"]
    files = [path for folder in folders for path in (*folder.rglob("*.sql"), *folder.rglob("*.py"))]
    named = re.compile(r"^-- name: (\w+)|\bStatement\(\s*\"(\w+)\"", re.MULTILINE)
    return {match[1] or match[2] for path in files for match in named.finditer(path.read_text())}


def asked_for() -> set[str]:
    """The names in `query="..."` and `query=~"a|b"`; a dashboard's JSON escapes the quotes."""
    settings = alerting.read_settings()
    texts = [*dashboard_files().values(), alerting.rules(settings), alerting.routing(settings)]
    matchers = [value for text in texts for value in re.findall(r'[{, ]query\s*=~?\s*\\?"([^"\\]*)\\?"', text)]
    return {name for value in matchers for name in value.split("|")}


def test_every_statement_that_is_asked_for_exists() -> None:
    asked = asked_for()
    assert len(asked) >= 5, "the panel of the hot path was not read"
    assert asked <= statement_names(), asked - statement_names()


def test_the_statements_of_all_folders_are_read() -> None:
    assert {"plan_plain_ticks", "list_jobs", "select_schema_version"} <= statement_names()
