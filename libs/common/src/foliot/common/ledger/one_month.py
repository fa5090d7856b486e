"""Statements about attempts of one month, as nearly all batches are.

Over all months a statement opens and locks each of them before it looks at a row: with a year of history that costs a
small batch more than all the rest (docs/adr/0012-hot-path.md).
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from foliot.common.ledger.postgres import Statement

PLACE = "executions/*month*/"
"""How a statement names the table that may be one month instead."""
_WHICH_MONTH = " AND e.scheduled_time = r.scheduled_time"
"""Of no use within one month, where another index might be taken for it."""


def of_month(statement: Statement, first: datetime, last: datetime) -> Statement:
    """The statement over the month that both times (UTC) lie in; over all months if they do not share one, and on its
    first day: a plan that was made for a month while it was known to be empty walks it until it is analyzed anew."""
    if (first.year, first.month) != (last.year, last.month) or first.day == 1:
        return statement
    return _in_month(statement, f"executions_{first:%Y_%m}")


@lru_cache(100)
def _in_month(statement: Statement, table: str) -> Statement:
    return Statement(statement.name, statement.sql.replace(PLACE, table).replace(_WHICH_MONTH, ""))
