"""Errors that Foliot raises on purpose. Only the API's middleware turns them into HTTP answers."""

from __future__ import annotations

import msgspec


class FieldError(msgspec.Struct, frozen=True):
    """One wrong field: its path as the caller wrote it, and a message with the fault and the remedy."""

    field: str
    message: str


class FoliotError(Exception):
    """Base of Foliot's errors. `code` is stable and machine-readable.

    Two errors of pure code are ValueErrors instead: ScheduleError and PayloadError are about a value, and the caller
    that got the value translates them. One that nobody translates is a bug, and the API must log it as one.
    """

    code = "error"


class Invalid(FoliotError):
    """The request is well-formed but wrong; every wrong field is listed."""

    code = "invalid"

    def __init__(self, errors: list[FieldError], code: str = "invalid") -> None:
        super().__init__("; ".join(f"{e.field}: {e.message}" for e in errors))
        self.errors = errors
        self.code = code


class Malformed(FoliotError):
    """The request could not be read at all."""

    code = "malformed"


class NotFound(FoliotError):
    """There is no such thing, or it belongs to somebody else."""

    code = "not_found"


class Conflict(FoliotError):
    """The state of the thing forbids the step."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class PreconditionFailed(FoliotError):
    """If-Match names another version than the current one."""

    code = "stale_version"


class Unauthorized(FoliotError):
    """The request has no key, or one that is unknown, revoked or expired."""

    code = "unauthorized"


class Forbidden(FoliotError):
    """The key's role does not allow this."""

    code = "forbidden"


class Unavailable(FoliotError):
    """A server that is needed is away: try again."""

    code = "unavailable"


class RolledBack(Unavailable):
    """PostgreSQL rolled a transaction back for the sake of another one: nothing of it stands, the same work can be done
    again at once."""


class Busy(FoliotError):
    """The process has no room for this at the moment: try again."""

    code = "busy"


class Fenced(FoliotError):
    """A newer process holds the term or the claim: the caller must write nothing."""

    code = "fenced"


class ConfigError(FoliotError):
    """The environment does not describe a service that can start: the message lists every fault."""

    code = "config"


class SchemaUnknown(FoliotError):
    """The database has another schema than this service was written for."""

    code = "schema_unknown"
