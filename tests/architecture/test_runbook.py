"""Commands of the operators' documents: they exist, and need nothing that is not installed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from cluster.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *(ROOT / "docs" / f"{name}.md" for name in ("runbook", "operations", "deployment"))]
TARGETS = set(re.findall(r"^([a-z][a-z0-9-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
_INLINE = re.compile(r"`([^`]+)`")
_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
_ASSIGNMENT = re.compile(r"([A-Z][A-Z_]*)=(.*)")


def commands(page: Path) -> list[str]:
    text = page.read_text().replace(r"\|", "|")  # as tables write it
    inline = [code.replace("\n", " ") for code in _INLINE.findall(re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))]
    blocks = [line for block in _BLOCK.findall(text) for line in block.splitlines()]
    return [one.partition("  #")[0].strip() for one in (*inline, *blocks)]


def made(page: Path) -> list[list[str]]:
    """The words of every command that runs make."""
    found = []
    for command in commands(page):
        for part in re.split(r"&&|\||;", command):
            words = part.split()
            if "make" in words and all(_ASSIGNMENT.fullmatch(word) for word in words[: words.index("make")]):
                found.append(shlex.split(part))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_make_knows_the_targets_and_make_up_the_settings(page: Path) -> None:
    found = made(page)
    assert found
    for words in found:
        given = dict(match.groups() for word in words if (match := _ASSIGNMENT.fullmatch(word)))
        targets = [word for word in words if "=" not in word and word != "make"]
        assert set(targets) <= TARGETS, words
        if targets == ["up"]:
            Settings().changed_by(given)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_command_needs_a_program_that_setup_does_not_install(page: Path) -> None:
    for command in commands(page):
        assert not re.search(r"(^|\| *)(jq|nc|netcat|telnet|http)\b", command), command


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_options_of_compose_that_the_next_command_forgets_are_not_taught(page: Path) -> None:
    for command in commands(page):
        assert not re.search(r"docker compose .*--(scale|profile)", command), command
