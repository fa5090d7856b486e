"""Generated files are committed as the code makes them."""

from __future__ import annotations

import pytest

from monitoring.__main__ import COMMANDS, REPOSITORY


@pytest.mark.parametrize("command", COMMANDS)
def test_committed_as_made(command: str) -> None:
    for path, text in COMMANDS[command]().items():
        assert (REPOSITORY / path).read_text() == text, f"make {command}"
