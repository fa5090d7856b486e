"""ETag and If-Match: the version of a job's definition, as HTTP writes it."""

from __future__ import annotations


def etag(version: int) -> str:
    return f'"{version}"'


def matches(if_match: str | None, version: int) -> bool:
    """True if a change with this If-Match may be made; one without it always may."""
    return if_match is None or if_match.strip() in ("*", etag(version))
