"""docs/configuration.md names every variable that the code reads or gives."""

from __future__ import annotations

import re
from pathlib import Path

from monitoring.configuration_page import configuration_page

ROOT = Path(__file__).parents[2]
FAMILIES = {"FOLIOT_", "FOLIOT_RETENTION_"}
OTHERS = {
    "FOLIOT_URL",
    "FOLIOT_API_KEY",
    "FOLIOT_CONTEXT",
    "FOLIOT_CONFIG",
    "FOLIOT_COMPLETE",
}  # the command line's: `make up` ignores them


def test_every_variable_of_the_code_is_documented() -> None:
    found = {
        name.removesuffix("_FILE")
        for folder in ("libs", "services", "infra/local")
        for path in (ROOT / folder).rglob("*.py")
        if ".local" not in path.parts
        for name in re.findall(r"FOLIOT_[A-Z_]*", path.read_text())
    }
    documented = {name.removesuffix("_FILE") for name in re.findall(r"`(FOLIOT_[A-Z_]+)`", configuration_page())}
    assert found - FAMILIES - OTHERS <= documented, found - FAMILIES - OTHERS - documented


def test_every_row_has_all_cells() -> None:
    for table in re.findall(r"(?:^\|.*\n)+", configuration_page(), re.MULTILINE):
        assert len({line.count("|") for line in table.splitlines()}) == 1, table
