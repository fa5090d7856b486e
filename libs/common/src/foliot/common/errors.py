"""What can go wrong, once. Only the API's middleware turns these into HTTP answers."""

from __future__ import annotations

import msgspec


class FieldError(msgspec.Struct, frozen=True):
    """One wrong field: its path as the caller wrote it, and what is wrong with the remedy."""

    field: str
    message: str


class FoliotError(Exception):
    """Base of every error that Foliot raises on purpose. `code` is stable and machine-readable."""

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
    """If-Match names another version than the one that stands."""

    code = "stale_version"


class Unauthorized(FoliotError):
    """No key, or one that is unknown, revoked or expired."""

    code = "unauthorized"


class Forbidden(FoliotError):
    """The key's role does not allow this."""

    code = "forbidden"


class Unavailable(FoliotError):
    """A server that is needed is away; try again."""

    code = "unavailable"


class Fenced(FoliotError):
    """Somebody newer holds the term or the claim: what was about to be written must not be."""

    code = "fenced"


class ConfigError(FoliotError):
    """The environment does not describe a service that can start."""

    code = "config"


class SchemaUnknown(FoliotError):
    """The database has another schema than this service was written for."""

    code = "schema_unknown"
