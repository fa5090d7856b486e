"""The version of Foliot: the file VERSION is its only source, and some files must repeat it.

The distributions read VERSION when they are built. Compose files cannot read a file, so they and .env.example hold
copies, which a release writes and tests/architecture/test_release.py compares with VERSION.
"""

from __future__ import annotations

import re
from pathlib import Path

SOURCE = "VERSION"
COPIES = (".env.example", "infra/compose/services.yaml", "infra/compose/logging.yaml")
COPY = re.compile(r"(FOLIOT_VERSION(?::-|=))(\d+\.\d+\.\d+)")
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")


class VersionError(ValueError):
    """The text is not a version that can follow the present one."""


def parts(version: str) -> tuple[int, ...]:
    """`1.2.3` as numbers that can be compared."""
    found = _VERSION.fullmatch(version)
    if found is None:
        raise VersionError(f"{version!r} is not a version: write it as 1.2.3")
    return tuple(int(part) for part in found.groups())


def read(root: Path) -> str:
    return (root / SOURCE).read_text().strip()


def check_follows(root: Path, version: str) -> None:
    """The present version may be released itself, as long as it has no tag yet."""
    present = read(root)
    if parts(version) < parts(present):
        raise VersionError(f"{version} is older than {present}")


def write(root: Path, version: str) -> None:
    """The source and its copies."""
    (root / SOURCE).write_text(f"{version}\n")
    for name in COPIES:
        path = root / name
        path.write_text(COPY.sub(rf"\g<1>{version}", path.read_text()))
