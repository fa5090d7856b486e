"""The version has one source, and `make release` moves it, tried on a repository made for the test."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from importlib.metadata import version as installed
from pathlib import Path

import pytest

from release.versions import COPIES, COPY, SOURCE, read

ROOT = Path(__file__).parents[2]
DISTRIBUTIONS = sorted((ROOT / "libs").glob("*/pyproject.toml")) + sorted((ROOT / "services").glob("*/pyproject.toml"))


@pytest.mark.parametrize("file", DISTRIBUTIONS, ids=lambda file: file.parent.name)
def test_a_distribution_takes_its_version_from_the_one_source(file: Path) -> None:
    settings = tomllib.loads(file.read_text())
    assert "version" not in settings["project"]
    assert settings["project"]["dynamic"] == ["version"]
    assert (file.parent / settings["tool"]["hatch"]["version"]["path"]).resolve() == ROOT / SOURCE
    assert installed(settings["project"]["name"]) == read(ROOT), "make setup"


def test_copies_of_the_version_are_known_and_equal() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    found = {
        name: set(re.findall(r"FOLIOT_VERSION(?::-|=)(\d[^}\s]*)", (ROOT / name).read_text()))
        for name in tracked.splitlines()
        if (ROOT / name).suffix in {".yaml", ".yml", ".example", ".toml", ".sh", ".md"} or name.endswith("Dockerfile")
        if (ROOT / name).is_file()
    }
    assert {name: versions for name, versions in found.items() if versions} == {name: {read(ROOT)} for name in COPIES}


def test_an_image_is_given_its_version() -> None:
    recipe = (ROOT / "infra/images/Dockerfile").read_text()
    assert "ARG VERSION=unknown\n" in recipe
    assert 'org.opencontainers.image.version="${VERSION}"' in recipe
    assert "VERSION: ${FOLIOT_VERSION:-" in (ROOT / "infra/compose/services.yaml").read_text()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A clean repository with the files that a release writes, at version 0.1.0, and a .ci/run that notes its call."""
    for name in COPIES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(COPY.sub(r"\g<1>0.1.0", (ROOT / name).read_text()))
    (tmp_path / SOURCE).write_text("0.1.0\n")
    (tmp_path / "CHANGELOG.md").write_text(
        "# Changelog\n\n## Unreleased\n### Added\n- Pausing of pools.\n\n## 0.1.0 - 2026-01-02\n- The first.\n"
    )
    (tmp_path / "docs").mkdir(exist_ok=True)
    (tmp_path / "docs/openapi.json").write_text('{"paths": {"/new": {}}}')
    (tmp_path / "docs/openapi.released.json").write_text('{"paths": {}}')
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci/run").write_text("#!/bin/sh\necho ran >.git/ci\n")
    (tmp_path / ".ci/run").chmod(0o755)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "config", "user.name", "Somebody")
    git(tmp_path, "config", "user.email", "somebody@example.org")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "start")
    return tmp_path


def git(tree: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=tree, check=True, capture_output=True, text=True).stdout.strip()


def run(tree: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "release", *words],
        cwd=tree, env={**os.environ, "PYTHONPATH": str(ROOT / "tools")}, check=False, capture_output=True, text=True,
    )  # fmt: skip


def test_a_release_is_tested_committed_and_tagged(tree: Path) -> None:
    done = run(tree, "0.2.0")
    assert done.returncode == 0, done.stderr
    assert (tree / ".git/ci").exists()
    assert read(tree) == "0.2.0"
    for name in COPIES:
        assert {version for _, version in COPY.findall((tree / name).read_text())} == {"0.2.0"}
    assert (tree / "CHANGELOG.md").read_text() == (
        f"# Changelog\n\n## Unreleased\n\n## 0.2.0 - {datetime.now(UTC).date()}\n### Added\n- Pausing of pools.\n\n"
        "## 0.1.0 - 2026-01-02\n- The first.\n"
    )
    assert (tree / "docs/openapi.released.json").read_text() == (tree / "docs/openapi.json").read_text()
    assert git(tree, "status", "--porcelain") == ""
    assert git(tree, "log", "-1", "--format=%s") == "release: 0.2.0"
    assert git(tree, "rev-parse", "v0.2.0^{commit}") == git(tree, "rev-parse", "HEAD")


def test_only_one_who_says_checked_skips_the_tests(tree: Path) -> None:
    assert run(tree, "0.2.0", "--checked").returncode == 0
    assert not (tree / ".git/ci").exists()
    assert git(tree, "tag") == "v0.2.0"


def test_a_failing_suite_leaves_everything_as_it_was(tree: Path) -> None:
    (tree / ".ci/run").write_text("#!/bin/sh\nexit 3\n")
    git(tree, "commit", "--quiet", "--all", "--message", "break it")
    done = run(tree, "0.2.0")
    assert done.returncode == 1
    assert ".ci/run failed" in done.stderr
    assert git(tree, "status", "--porcelain") == ""
    assert git(tree, "log", "-1", "--format=%s") == "break it"
    assert git(tree, "tag") == ""


@pytest.mark.parametrize(
    ("prepare", "version", "reason"),
    [
        ("touch stray", "0.2.0", "not clean"),
        ("git tag v0.2.0", "0.2.0", "the tag v0.2.0 exists"),
        ("true", "0.0.9", "older than 0.1.0"),
        ("true", "v2", "not a version"),
        ("sed -i '/^- Pausing/d' CHANGELOG.md && git commit -qam x", "0.2.0", "lists nothing"),
        ("sed -i '/^## Unreleased/d' CHANGELOG.md && git commit -qam x", "0.2.0", "no section"),
    ],
)
def test_what_cannot_be_released_is_refused_with_the_reason(
    tree: Path, prepare: str, version: str, reason: str
) -> None:
    subprocess.run(prepare, shell=True, cwd=tree, check=True)
    before = git(tree, "rev-parse", "HEAD")
    done = run(tree, version)
    assert done.returncode == 1
    assert reason in done.stderr
    assert (git(tree, "rev-parse", "HEAD"), read(tree)) == (before, "0.1.0")
