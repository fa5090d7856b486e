"""CHANGELOG.md: what is under "Unreleased" moves below the heading of a version."""

from __future__ import annotations

import re
from datetime import date

_HEADING = re.compile(r"^## Unreleased\n", re.MULTILINE)
_NEXT_HEADING = re.compile(r"^## ", re.MULTILINE)


class ChangelogError(ValueError):
    """The changelog has nothing to release."""


def released(text: str, version: str, day: date) -> str:
    """The changelog after the release of `version`: an empty "Unreleased", then `version` with what was there.

    Raises ChangelogError if there is no such section or it lists nothing.
    """
    heading = _HEADING.search(text)
    if heading is None:
        raise ChangelogError('CHANGELOG.md has no section "## Unreleased"')
    following = _NEXT_HEADING.search(text, heading.end())
    content = text[heading.end() : following.start() if following else len(text)]
    if not re.search(r"^- ", content, re.MULTILINE):
        raise ChangelogError('"## Unreleased" in CHANGELOG.md lists nothing: write down what the release changes')
    rest = text[following.start() :] if following else ""
    body = f"{content.strip()}\n" + (f"\n{rest}" if rest else "")
    return f"{text[: heading.start()]}## Unreleased\n\n## {version} - {day.isoformat()}\n{body}"
