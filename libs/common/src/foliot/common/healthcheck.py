"""`python -m foliot.common.healthcheck URL`: exits 0 if the URL answers 200, else 1 with the answer on stderr.

What a container's HEALTHCHECK runs: the images hold no curl.
"""

from __future__ import annotations

import http.client
import sys
from urllib.parse import urlsplit

TIMEOUT = 4.0
LONGEST_ANSWER = 1_000


def check(url: str) -> str | None:
    """None if it answers 200, else why not."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT)
    try:
        connection.request("GET", parts.path or "/")
        response = connection.getresponse()
        body = response.read(LONGEST_ANSWER).decode(errors="replace")
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
