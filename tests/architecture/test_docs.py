"""Documents stay true: links lead somewhere, named files exist, figures have a source, decisions have a status."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "tools/benchmarks/report.md"  # becomes docs/performance.md, where its links count
DOCUMENTS = [
    ROOT / line
    for line in subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()
    if ROOT / line != TEMPLATE and (ROOT / line).is_file()
]  # fmt: skip
PACKAGES = [path for path in ROOT.glob("*/*/src/foliot/*") if path.is_dir() and path.name != "__pycache__"]
DECISIONS = sorted((ROOT / "docs/adr").glob("[0-9]*.md"))

_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_FILE = re.compile(r"`([\w*.-]+(?:/[\w*.-]+)+\.(?:py|sql|md|toml|ya?ml|json|ndjson|conf|in|lock|txt|sh))`")
_FIGURE = re.compile(r"\d[\d,]*(?:\.\d+)?")
_OLD_WORDS = re.compile(
    r"\b(anew|meanwhile|mend(?:s|ed)?|wherefore|contract\.md|failure matrix|the seed(?:'s)?)\b", re.I
)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def prose(path: Path) -> str:
    return _FENCED.sub("", path.read_text())


@cache
def anchors(path: Path) -> frozenset[str]:
    """Headings as GitHub and most others make them into anchors."""
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in _HEADING.findall(prose(path)))
    return frozenset(heading.replace(" ", "-") for heading in plain)


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_links_lead_somewhere(path: Path) -> None:
    for link in _LINK.findall(prose(path)):
        if "://" in link:
            continue
        target, _, anchor = link.partition("#")
        file = (path.parent / target).resolve() if target else path
        assert file.exists(), link
        assert not anchor or anchor in anchors(file), link


def places(path: Path) -> Iterator[Path]:
    """Folders that a document's paths may begin at: its own, the root, tests, and those of the packages."""
    yield from (path.parent, ROOT, ROOT / "tests", *PACKAGES, *{package.parent for package in PACKAGES})


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_files_that_are_named_exist(path: Path) -> None:
    for named in _FILE.findall(prose(path)):
        assert any(any(place.glob(named)) for place in places(path)), named


def test_figures_of_the_readme_are_those_of_the_pages_that_measured_them() -> None:
    _, _, table = (ROOT / "README.md").read_text().partition("## Figures\n")
    measured = [row.split("|")[2] for row in table.partition("\n## ")[0].splitlines() if row.startswith("| ")]
    sources = (ROOT / "docs/performance.md").read_text() + (ROOT / "docs/reliability.md").read_text()
    known = set(_FIGURE.findall(sources))
    figures = [figure for cell in measured for figure in _FIGURE.findall(cell.replace("99 of 100", ""))]
    assert len(figures) > 5
    assert set(figures) <= known, set(figures) - known


@pytest.mark.parametrize("path", DECISIONS, ids=name)
def test_a_decision_has_status_date_and_summary_and_stands_in_the_index(path: Path) -> None:
    title, status, summary = path.read_text().split("\n\n")[:3]
    found = re.match(r"\*\*Status\*\* (Accepted|Superseded by)\b.*\*\*Date\*\* (\d{4}-\d\d-\d\d)\b", status, re.DOTALL)
    assert found, status
    assert summary.startswith("**Summary.** ")
    number = int(path.name[:4])
    assert title.startswith(f"# {number}. ")
    (row,) = re.findall(rf"^\| {number} \|.*$", (path.parent / "README.md").read_text(), re.MULTILINE)
    assert f"]({path.name})" in row
    assert row.endswith(f"| {found[2]} |")


def test_the_index_lists_every_document() -> None:
    index = ROOT / "docs/README.md"
    linked = {(index.parent / link).resolve() for link in _LINK.findall(index.read_text())}
    listed = {ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *ROOT.glob("*/*/README.md")} - {index}
    assert listed <= linked, listed - linked


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_the_page_of_a_distribution_names_its_files_and_rooms(package: Path) -> None:
    page = (package.parents[2] / "README.md").read_text()
    files = {path.name for path in package.glob("*.py")} - {"__init__.py"}
    rooms = {f"{path.name}/" for path in package.iterdir() if (path / "__init__.py").exists()}
    assert {entry for entry in files | rooms if f"`{entry}`" not in page} == set()


def test_the_page_of_common_names_each_module_of_its_rooms() -> None:
    page = (ROOT / "libs/common/README.md").read_text()
    rooms = [path.parent for path in (ROOT / "libs/common/src/foliot/common").glob("*/__init__.py")]
    modules = {path.stem for room in rooms for path in room.glob("*.py")} - {"__init__"}
    modules |= {path.parent.name for room in rooms for path in room.glob("*/__init__.py")}
    assert {module for module in modules if f"`{module}`" not in page} == set()


@pytest.mark.parametrize("path", [*DOCUMENTS, TEMPLATE], ids=name)
def test_words_are_those_that_a_stranger_knows(path: Path) -> None:
    assert _OLD_WORDS.findall(prose(path)) == []
