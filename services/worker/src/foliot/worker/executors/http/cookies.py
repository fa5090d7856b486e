"""Cookies: kept for the redirects of one attempt, each by its own origin, and gone with the attempt."""

import re
from collections.abc import Sequence
from typing import Final

from aiohttp import CookieJar
from yarl import URL

_MAX_COOKIES: Final = 20
"""Cookies that one answer may set."""
_MAX_COOKIE: Final = 4_096
"""Characters of one of them, as browsers have it."""
_MAX_SEGMENTS: Final = 64
"""Segments of a path that gets cookies: the jar looks at each of them once for each label of the host."""
_NAMED = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+=")
"""The start of a cookie with a name that HTTP allows. The jar would write others into the worker's log."""


class Cookies:
    """The cookies of one attempt."""

    def __init__(self) -> None:
        self._jars: dict[URL, CookieJar] = {}

    def keep(self, url: URL, set_cookies: Sequence[str]) -> None:
        """Keep what the answer of `url` set; `set_cookies` are its Set-Cookie headers."""
        kept = [value for value in set_cookies[:_MAX_COOKIES] if len(value) <= _MAX_COOKIE and _NAMED.match(value)]
        if kept:
            jar = self._jars.setdefault(url.origin(), CookieJar(unsafe=True, quote_cookie=False))
            jar.update_cookies_from_headers(kept, url)

    def added(self, url: URL, headers: dict[str, str]) -> dict[str, str]:
        """Return the headers of a request to `url`, with the cookies of its origin behind those that the job names."""
        jar = self._jars.get(url.origin())
        if jar is None or url.path.count("/") > _MAX_SEGMENTS:
            return headers
        pairs = [f"{name}={cookie.value}" for name, cookie in jar.filter_cookies(url).items()]
        if not pairs:
            return headers
        own = [value for name, value in headers.items() if name.lower() == "cookie"]
        others = {name: value for name, value in headers.items() if name.lower() != "cookie"}
        return others | {"Cookie": "; ".join(own + pairs)}
