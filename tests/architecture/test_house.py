"""The rules of the house, each a test, so that they stay true by themselves."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path
    for folder in ("libs", "services", "infra", "tools", "tests")
    for path in (ROOT / folder).rglob("*.py")
    if ".local" not in path.parts
)
GENERATED = {ROOT / "libs/client/src/foliot/client" / f"{one}.py" for one in ("types", "operations", "defaults")}
"""Written by `make openapi`; tests/unit/monitoring/test_drift.py holds them to it."""
PRODUCT = [path for path in SOURCES if path.relative_to(ROOT).parts[0] in ("libs", "services")]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / line for line in listed.splitlines() if (ROOT / line).is_file()]


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_foliot_is_a_namespace_without_a_file() -> None:
    assert list(ROOT.glob("*/*/src/foliot/__init__.py")) == []


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_a_file_holds_one_idea(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 300 or path in GENERATED
    assert path.stem not in {"utils", "util", "helpers", "helper", "manager", "managers", "misc", "base"}


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_a_function_reads_without_scrolling(path: Path) -> None:
    long = {
        f.name: f.end_lineno - f.lineno + 1 for f in functions(path) if f.end_lineno and f.end_lineno - f.lineno >= 45
    }
    roots = {"run"} if path.name == "main.py" else set()  # composition roots are lists
    assert set(long) <= roots or path in GENERATED, long


@pytest.mark.parametrize("path", PRODUCT, ids=name)
def test_only_the_clock_tells_the_time(path: Path) -> None:
    if path.name == "clock.py" or "executors" in path.parts:  # executors face the outside world's clocks
        return
    assert not re.search(r"datetime\.now\(|time\.time\(|utcnow\(", path.read_text())


@pytest.mark.parametrize("path", PRODUCT, ids=name)
def test_waits_and_deadlines_go_through_the_clock(path: Path) -> None:
    """So that a simulation can drive them. `sleep(0)` gives a turn and waits for nothing; executors face real time."""
    if path.name == "clock.py" or "executors" in path.parts:
        return
    assert not re.search(
        r"asyncio\.sleep\((?!0\))|loop\.time\(|loop\(\)\.time\(|loop\.call_(later|at)\(|time\.sleep\(", path.read_text()
    )


@pytest.mark.parametrize("path", PRODUCT, ids=name)
def test_only_the_start_of_a_process_reads_the_environment(path: Path) -> None:
    if path.name in ("lifecycle.py", "migrate.py", "create_key.py", "__main__.py"):
        return
    assert "os.environ" not in path.read_text()
    assert "getenv" not in path.read_text()


@pytest.mark.parametrize(("library", "owner"), [("aiormq", "common/broker"), ("aiozk", "scheduler/zookeeper.py")])
def test_one_place_owns_each_dangerous_library(library: str, owner: str) -> None:
    importing = {
        "/".join(path.as_posix().partition("/foliot/")[2].split("/")[:2])
        for path in PRODUCT
        if re.search(rf"^\s*(import|from) {library}\b", path.read_text(), re.MULTILINE)
    }
    assert importing <= {owner}


@pytest.mark.parametrize("lock", ["requirements.lock", "tools/benchmarks/peers.lock"])
def test_the_lock_names_versions_and_hashes_and_no_place(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "--hash=sha256:" in text
    assert not re.search(r"://|--find-links|--index|^\s*/", text, re.MULTILINE)


def test_the_lock_holds_what_is_asked_for() -> None:
    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    asked = {
        line.strip() for line in (ROOT / "requirements.in").read_text().splitlines() if line.strip() and line[0] != "#"
    }
    assert asked <= locked


def test_nothing_tells_of_a_machine() -> None:
    for path in tracked():
        if (
            path.suffix in {".md", ".py", ".sql", ".toml", ".yml", ".yaml", ".lock", ".in", ""}
            and path.name != "LICENSE"
        ):
            text = path.read_text(errors="ignore")
            assert not re.search(r"/(root|home/\w+|work)/", text.replace("/home/foliot", "")), path
