"""Hidden values: headers and environment variables of payloads whose names look like secrets.

Nobody but those who may change a job reads them, and no log holds them. The rule is about names: a secret under another
name, in a URL or in a body is not found.
"""

from __future__ import annotations

import re
from typing import Any, Final

HIDDEN: Final = "(hidden)"
"""Stands for a hidden value in answers."""
_HOLD_SECRETS: Final = ("headers", "env")
"""Members of payloads that map names to values."""
_SECRET = re.compile(
    r"auth|cookie|token|secret|passw|passphrase|key|credential|jwt|session|csrf|xsrf|signature|private|"
    r"(?:^|[-_])(?:creds?|pass|pwd|sid|sig|otp|pin)(?:$|[-_])",
    re.IGNORECASE,
)
"""Parts of names: Authorization, X-Api-Key, X-Jwt, DB_PASSWORD, ... A value hidden needlessly does little harm."""


def looks_secret(name: str) -> bool:
    """True if the value of a header or variable with this name is probably a secret."""
    return _SECRET.search(name) is not None


def without_secrets(payload: Any) -> Any:
    """The payload with HIDDEN in place of the values that look secret; the same object if there are none."""
    if not isinstance(payload, dict):
        return payload
    hidden = {name: _hide(payload[name]) for name in _HOLD_SECRETS if isinstance(payload.get(name), dict)}
    return payload | hidden if hidden else payload


def _hide(values: dict[str, Any]) -> dict[str, Any]:
    return {name: HIDDEN if looks_secret(name) else value for name, value in values.items()}


def marked(payload: dict[str, Any]) -> list[str]:
    """The members that hold HIDDEN: their sender was not shown the value. Paths such as `headers.Authorization`."""
    return [
        f"{member}.{name}"
        for member in _HOLD_SECRETS
        if isinstance(values := payload.get(member), dict)
        for name, value in values.items()
        if value == HIDDEN
    ]
