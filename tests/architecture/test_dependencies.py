"""Each distribution declares the packages that it imports and no others; requirements.in holds them all."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DISTRIBUTIONS = sorted(path.parent for path in ROOT.glob("*/*/pyproject.toml"))
DATA = {"foliot-common": {"tzdata"}}
"""Packages without code: zoneinfo reads tzdata."""
PROVIDERS = packages_distributions()


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported(folder: Path) -> set[str]:
    """The modules that its files import, as they are written."""
    found: set[str] = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
                found.add(node.module)
    return found


def distributions(modules: set[str]) -> set[str]:
    """The third-party distributions that provide them, and ours: of the namespace `foliot` the second part says which."""
    parts = [module.split(".") for module in modules]
    ours = {f"foliot-{part[1]}" for part in parts if part[0] == "foliot"}
    others = {part[0] for part in parts} - sys.stdlib_module_names - {"foliot"}
    return ours | {normal(provider) for name in others for provider in PROVIDERS.get(name, [])}


def project(distribution: Path) -> dict[str, object]:
    read: dict[str, object] = tomllib.loads((distribution / "pyproject.toml").read_text())["project"]
    return read


def declared(distribution: Path) -> set[str]:
    return {normal(str(name)) for name in project(distribution).get("dependencies", [])}  # type: ignore[attr-defined]


@pytest.mark.parametrize("distribution", DISTRIBUTIONS, ids=lambda path: path.name)
def test_a_distribution_declares_what_it_imports_and_nothing_else(distribution: Path) -> None:
    name = str(project(distribution)["name"])
    assert declared(distribution) == (distributions(imported(distribution)) - {name}) | DATA.get(name, set())


def required(section: str) -> set[str]:
    """The names of one section of requirements.in, which begins with a line `# section`."""
    sections = re.split(r"^# ", (ROOT / "requirements.in").read_text(), flags=re.MULTILINE)
    (lines,) = [text.splitlines()[1:] for text in sections if text.startswith(section)]
    return {normal(line.strip()) for line in lines if line.strip()}


def test_the_requirements_at_run_time_are_those_of_the_distributions() -> None:
    names = {str(project(distribution)["name"]) for distribution in DISTRIBUTIONS}
    assert required("runtime") == {name for one in DISTRIBUTIONS for name in declared(one)} - names


def test_what_tests_and_tools_import_is_required() -> None:
    modules = imported(ROOT / "tests") | imported(ROOT / "tools") | imported(ROOT / "infra")
    third_party = {module for module in modules if not module.startswith("foliot")}
    assert distributions(third_party) <= required("runtime") | required("build, test and check")
