"""Which API is asked, and with which key: flags, then the environment, then a context, then the local cluster.

A context's key is sent to the context's address alone: who names another address names a key for it too.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from foliot.cli.contexts import Context, Contexts, local
from foliot.cli.exits import FORBIDDEN, USAGE, Stop


class Flags(NamedTuple):
    """Of the command."""

    context: str | None = None
    url: str | None = None
    key_file: str | None = None


def target(flags: Flags, environment: Mapping[str, str]) -> Context:
    key = _key(flags, environment)
    for url, source in ((flags.url, "--url"), (None if flags.context else environment.get("FOLIOT_URL"), "FOLIOT_URL")):
        if url:
            return Context("", url, key or _known_key(url, environment), False, source)
    chosen = _context(flags, environment)
    if chosen is None:
        raise Stop("no API is chosen: foliot login URL, or set FOLIOT_URL and FOLIOT_API_KEY, or make up", FORBIDDEN)
    return chosen._replace(key=key or chosen.key)


def _context(flags: Flags, environment: Mapping[str, str]) -> Context | None:
    contexts = Contexts.of(environment)
    if flags.context:
        return contexts.named(flags.context, "--context")
    if name := environment.get("FOLIOT_CONTEXT"):
        return contexts.named(name, "FOLIOT_CONTEXT")
    if contexts.current:
        return contexts.named(contexts.current, str(contexts.path))
    return local(environment)


def _key(flags: Flags, environment: Mapping[str, str]) -> str | None:
    """A key is never an argument: other users of a machine see these. --context brings its own."""
    if flags.key_file:
        return _read(flags.key_file)
    if flags.context:
        return None
    if key := environment.get("FOLIOT_API_KEY"):
        return key.strip()
    return _read(path) if (path := environment.get("FOLIOT_API_KEY_FILE")) else None


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise Stop(f"the key cannot be read: {error}", USAGE) from error


def _known_key(url: str, environment: Mapping[str, str]) -> str | None:
    """Of a context with this very address."""
    contexts = Contexts.of(environment)
    for name in contexts.all:
        known = contexts.named(name, "")
        if known.url.rstrip("/") == url.rstrip("/"):
            return known.key
    nearby = local(environment)
    return nearby.key if nearby and nearby.url.rstrip("/") == url.rstrip("/") else None
