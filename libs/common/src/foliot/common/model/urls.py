"""The check of a URL that a job requests: when the job is written, and again at each redirect."""

import re
from collections.abc import Iterator
from typing import Final

from yarl import URL

MAX_URL: Final = 8_192
"""Characters: as long as the longest request line that common servers accept."""
_NOT_IN_URL = re.compile(r"[\x00-\x20\x7f\\]")
_LABEL = "[A-Za-z0-9_-]{1,60}"
_PLAIN = re.compile(rf"https?://{_LABEL}(\.{_LABEL}){{0,3}}(:[1-9][0-9]{{0,3}})?([/?][A-Za-z0-9/?&=._~-]*)?")
"""The form of most URLs. Nothing can be wrong in it, so that they need not be parsed."""
_HOST = re.compile(r"(?=.{1,253}$)([A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}\.?")
_SURROGATE = re.compile("[\ud800-\udfff]")


def check_url(path: str, url: str) -> Iterator[tuple[str, str]]:
    """Each fault of a URL as (path, message); none if it may be requested."""
    if not 0 < len(url) <= MAX_URL:
        yield path, f"must have 1 to {MAX_URL} characters"
    elif _PLAIN.fullmatch(url):
        return
    elif _NOT_IN_URL.search(url) or _SURROGATE.search(url):
        yield path, "must not contain spaces, backslashes or control characters; percent-encode them"
    else:
        try:
            parsed = URL(url)
            yield from _check_parsed_url(path, parsed, parsed.raw_host or "")
        except ValueError as error:  # a host that IDNA forbids, a port that is no number
            yield path, f"is not a valid URL: {error}"


def _check_parsed_url(path: str, url: URL, host: str) -> Iterator[tuple[str, str]]:
    if url.scheme not in ("http", "https"):
        yield path, "must begin with http:// or https://"
    elif not host:
        yield path, "has no host; write it as https://host/path"
    elif ":" not in host and not _HOST.fullmatch(host):
        yield path, "has a host that DNS forbids: letters, digits and hyphens, 1 to 63 between two dots"
    if url.raw_user is not None or url.raw_password is not None:
        yield path, "must not hold user:password@; send an Authorization header instead"
    if url.explicit_port is not None and not 0 < url.explicit_port < 65_536:
        yield path, "has a port outside 1..65535"
