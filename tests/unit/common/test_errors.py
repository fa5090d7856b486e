"""Errors of common have one base, but for two of pure code."""

from __future__ import annotations

import ast
from pathlib import Path

import foliot.common.errors

COMMON = Path(foliot.common.errors.__file__).parent
ROOTS = {"FoliotError"} | {"ScheduleError", "PayloadError"}  # the two are ValueErrors: errors.py says why


def test_no_other_error_begins_a_family() -> None:
    roots = {
        node.name
        for path in COMMON.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id in ("Exception", "ValueError") for base in node.bases)
    }
    assert roots == ROOTS
