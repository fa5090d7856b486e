"""Request ids: taken from the caller or made; in every answer, and in every line that the request writes."""

from __future__ import annotations

import random
import re

from multidict import istr

X_REQUEST_ID = istr("X-Request-Id")
_FORM = re.compile(r"[A-Za-z0-9._:\-]{1,128}")
"""What is taken from a caller: it goes into log lines as it is."""


def request_id(given: str | None = None) -> str:
    return given if given and _FORM.fullmatch(given) else f"{random.getrandbits(128):032x}"  # not a secret
