"""What is made of the code is committed as the code makes it."""

from __future__ import annotations

import pytest

from monitoring.__main__ import COMMANDS, REPOSITORY


@pytest.mark.parametrize("command", COMMANDS)
def test_committed_as_made(command: str) -> None:
    for path, text in COMMANDS[command]().items():
        assert (REPOSITORY / path).read_text() == text, f"make {command}"
