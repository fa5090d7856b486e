"""Exit codes, and what each error means in one. Scripts rely on them."""

from __future__ import annotations

from typing import Final

from foliot.client.errors import Away, ClientError, Refused

FAILED: Final = 1
USAGE: Final = 2
NOT_FOUND: Final = 3
FORBIDDEN: Final = 4
CONFLICT: Final = 5
AWAY: Final = 6
DIFFERS: Final = 2
"""Of `plan` alone."""

OF_A_RUN: Final = {"COMPLETED": 0, "FAILED": 10, "TIMEOUT": 11, "CANCELLED": 12}
_BY_STATUS: Final = {401: FORBIDDEN, 403: FORBIDDEN, 404: NOT_FOUND, 409: CONFLICT, 412: CONFLICT, 429: AWAY,
                     502: AWAY, 503: AWAY, 504: AWAY}  # fmt: skip

PAGE: Final = """\
0   done
1   failed: the API refused, or something else went wrong
2   wrong usage, or a question was not answered
3   not found
4   not signed in, or forbidden
5   conflict: the thing is in another state, or was changed by somebody else
6   the API is away, or something took too long
10  the run that was waited for FAILED; 11: TIMEOUT; 12: CANCELLED
plan: 0 nothing differs, 2 something differs, 1 error or wrong usage
"""


class Stop(Exception):
    """Ends a command with this code, and a message on stderr."""

    def __init__(self, message: str, code: int = FAILED) -> None:
        super().__init__(message)
        self.code = code


def code_of(error: ClientError | Stop) -> int:
    if isinstance(error, Stop):
        return error.code
    if isinstance(error, Refused):
        return _BY_STATUS.get(error.status, FAILED)
    return AWAY if isinstance(error, Away) else FAILED


def words_of(error: ClientError | Stop) -> str:
    """The error, every wrong field, and one thing to do about it."""
    lines = [f"foliot: {error}"]
    if isinstance(error, Refused):
        lines += [f"  {one.get('field')}: {one.get('message')}" for one in error.errors]
        if error.status == 401:
            lines.append("  sign in with: foliot login URL")
        if error.request_id:
            lines.append(f"  request {error.request_id}")
    return "\n".join(lines)
