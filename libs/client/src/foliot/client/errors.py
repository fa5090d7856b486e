"""The errors of a client: the API said no, or could not be asked."""

from __future__ import annotations

from typing import Any


class ClientError(Exception):
    """Any of them."""


class Refused(ClientError):
    """The API answered with an error. `errors` names every wrong field."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        self.status = status
        self.code = str(problem.get("code", ""))
        self.detail = str(problem.get("detail") or problem.get("title") or f"HTTP status {status}")
        self.request_id = str(problem.get("request_id", ""))
        self.errors: list[dict[str, Any]] = problem.get("errors") or []
        super().__init__(self.detail)


class Away(ClientError):
    """Nobody answered, or not in time. What was asked may have happened all the same."""


def refusal(status: int, body: bytes) -> Refused:
    """Of an answer. What stands between client and API may answer something else than problem+json."""
    import msgspec  # noqa: PLC0415 (errors are known before there is one)

    try:
        problem = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        problem = None
    return Refused(status, problem if isinstance(problem, dict) else {})
