"""ETag and If-Match: the version of a job's definition, as HTTP writes it."""

from __future__ import annotations


def etag(version: int) -> str:
    return f'"{version}"'


def matches(if_match: str | None, version: int) -> bool:
    """True if a change with this If-Match may be made; one without it always may. A list matches if a member does. Weak
    tags never match: the comparison is the strong one of RFC 9110, 13.1.1."""
    if if_match is None:
        return True
    return any(tag.strip() in ("*", etag(version)) for tag in if_match.split(","))


def excludes(if_none_match: str | None, version: int) -> bool:
    """True if this If-None-Match forbids a change of a thing with the version: `*` forbids every one. Weak tags count
    as strong ones."""
    if if_none_match is None:
        return False
    return any(tag.strip().removeprefix("W/") in ("*", etag(version)) for tag in if_none_match.split(","))


def is_weak(if_match: str | None) -> bool:
    """True if a tag is weak, as a proxy that compresses answers makes them."""
    return if_match is not None and any(tag.strip().startswith("W/") for tag in if_match.split(","))
