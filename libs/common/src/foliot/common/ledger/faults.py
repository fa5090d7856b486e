"""Faults: the owner of an error of PostgreSQL, which decides the remedy. All services share this classification."""

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
"""Errors of a server that is away, busy or out of room (Unavailable). The outcome of a write may be unknown: wait and
try again."""

ROLLED_BACK = asyncpg.TransactionRollbackError
"""Errors of a transaction that was rolled back for the sake of another one (RolledBack)."""
HELD = (ROLLED_BACK, asyncpg.LockNotAvailableError, asyncpg.QueryCanceledError)
"""Errors of a statement that met another transaction's lock: too long a wait, or a deadlock."""

_ROW_CLASSES = ("22", "23")
"""SQLSTATE classes of data exceptions and of violated constraints."""
_AGAIN_CLASS = "40"
"""SQLSTATE class of rolled-back transactions."""


class Fault(Enum):
    """The owner of an error, and the remedy."""

    ROW = "one row's: split the batch until that row is alone"
    CLUSTER = "the server's (a missing month, a privilege, a full disk, read-only): touch no row, wait"
    AGAIN = "nobody's (a deadlock, a serialization failure): try again at once"


def classify(error: asyncpg.PostgresError) -> Fault:
    """The owner of an error, by its SQLSTATE."""
    state = str(error.sqlstate or "")
    if state.startswith(_AGAIN_CLASS):
        return Fault.AGAIN
    return Fault.ROW if state.startswith(_ROW_CLASSES) and not is_missing_month(error) else Fault.CLUSTER


def is_missing_month(error: asyncpg.PostgresError) -> bool:
    """True if a month has no partition: a check violation by its SQLSTATE, and yet no fault of the row."""
    return isinstance(error, asyncpg.CheckViolationError) and "no partition" in str(error)


def why_away(error: BaseException) -> str:
    """The reason of an error of AWAY or ROLLED_BACK, as a label: disk_full, rolled_back, busy (a timeout or a lock) or
    away."""
    if isinstance(error, asyncpg.DiskFullError):
        return "disk_full"
    if isinstance(error, ROLLED_BACK):
        return "rolled_back"
    busy = (asyncpg.QueryCanceledError, asyncpg.LockNotAvailableError, TimeoutError)
    return "busy" if isinstance(error, busy) else "away"
