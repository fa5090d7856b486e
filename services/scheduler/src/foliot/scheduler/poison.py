"""Which failures of a batch are one row's fault, and which are the cluster's."""

from __future__ import annotations

import asyncpg


def is_poison(error: asyncpg.PostgresError) -> bool:
    """True for SQLSTATE class 22 (data) and 23 (integrity but for the missing month): splitting finds the row.

    A missing partition, a privilege, a full disk or a read-only server is the cluster's: no job is touched.
    """
    return not is_missing_month(error) and str(error.sqlstate or "").startswith(("22", "23"))


def is_missing_month(error: asyncpg.PostgresError) -> bool:
    return isinstance(error, asyncpg.CheckViolationError) and "no partition" in str(error)
