"""The Makefile: each target says in one sentence what it does, and what it runs is there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "Makefile").read_text()
TARGETS = re.findall(r"^([a-z][a-z0-9-]*):", TEXT, re.MULTILINE)


def test_help_lists_every_target_with_a_sentence() -> None:
    listed = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert [line.split(maxsplit=1)[0] for line in listed.splitlines() if len(line.split()) > 1] == TARGETS


def test_no_target_is_taken_for_a_file() -> None:
    assert {name for line in re.findall(r"^\.PHONY: (.*)$", TEXT, re.MULTILINE) for name in line.split()} == set(
        TARGETS
    )


@pytest.mark.parametrize(("path", "module"), re.findall(r"PYTHONPATH=(\S+) \$\(BIN\)/python -m ([a-z.]+)", TEXT))
def test_a_program_is_found_on_its_path(path: str, module: str) -> None:
    file = module.replace(".", "/")
    assert [
        found
        for folder in path.split(":")
        for found in (ROOT / folder / f"{file}.py", ROOT / folder / file / "__main__.py")
        if found.is_file()
    ]
