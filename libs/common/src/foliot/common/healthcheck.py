"""`python -m foliot.common.healthcheck URL`: exits 0 if the URL answers 200, else 1 with the answer on stderr.

The HEALTHCHECK of the container images runs it, because they hold no curl.
"""

from __future__ import annotations

import http.client
import sys
from urllib.parse import urlsplit

_TIMEOUT = 4.0
"""Seconds for the connection and for each read: below the 5 s after which Docker ends the check without a word."""
_LONGEST_ANSWER = 1_000
"""Bytes of the answer that are shown: Docker keeps 4,096 of a check's output."""


def check(url: str) -> str | None:
    """None if the URL answers 200, else the reason why it does not."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_TIMEOUT)
    try:
        connection.request("GET", parts.path or "/")
        response = connection.getresponse()
        body = response.read(_LONGEST_ANSWER).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return f"{url}: {error or type(error).__name__}"
    finally:
        connection.close()
    return None if response.status == http.client.OK else f"{url}: {response.status} {body}"


def main(arguments: list[str]) -> None:
    if len(arguments) != 1:
        sys.exit("usage: python -m foliot.common.healthcheck http://host:port/readyz")
    sys.exit(check(arguments[0]))


if __name__ == "__main__":
    main(sys.argv[1:])
