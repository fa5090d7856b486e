"""Faults: whose an error of PostgreSQL is, and with that what to do. The one classification of all services."""

from __future__ import annotations

from enum import Enum

import asyncpg

AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncpg.InsufficientResourcesError,
    asyncpg.PostgresSystemError,
    OSError,
    TimeoutError,
)
"""The server is away, busy or out of room: the outcome of a write may be unknown, wait and try again (Unavailable)."""

_ROW_CLASSES = ("22", "23")
"""SQLSTATE classes: data exceptions, and violations of integrity."""
_AGAIN_CLASS = "40"
"""SQLSTATE class: transaction rollback."""


class Fault(Enum):
    """The owner of an error, and the remedy."""

    ROW = "one row's: split the batch until it stands alone"
    CLUSTER = "the server's (a missing month, a privilege, a full disk, read-only): touch no row, wait"
    AGAIN = "nobody's (a deadlock, a serialization failure): try again at once"


def classify(error: asyncpg.PostgresError) -> Fault:
    state = str(error.sqlstate or "")
    if state.startswith(_AGAIN_CLASS):
        return Fault.AGAIN
    return Fault.ROW if state.startswith(_ROW_CLASSES) and not is_missing_month(error) else Fault.CLUSTER


def is_missing_month(error: asyncpg.PostgresError) -> bool:
    """A row lies in a month that has no partition: a check violation by its SQLSTATE, and yet no row's fault."""
    return isinstance(error, asyncpg.CheckViolationError) and "no partition" in str(error)


def why_away(error: BaseException) -> str:
    """The reason of one of AWAY, as a label: disk_full, busy (a timeout or a lock) or away."""
    if isinstance(error, asyncpg.DiskFullError):
        return "disk_full"
    busy = (asyncpg.QueryCanceledError, asyncpg.LockNotAvailableError, TimeoutError)
    return "busy" if isinstance(error, busy) else "away"
