"""Fragments that statements share, and statements over one month."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from foliot.common.ledger.claim import SQL
from foliot.common.ledger.statements import Statement, Statements, expanded, of_month

MARCH = datetime(2026, 3, 10, tzinfo=UTC), datetime(2026, 3, 31, 23, 59, tzinfo=UTC)
OVER_MONTHS = "UPDATE executions/*month*/ e SET x = 1 WHERE id = 2/*all months:*/ AND time = 3/*:*/ AND 4"


def test_a_fragment_takes_the_place_of_its_mark_without_its_comment() -> None:
    sql = expanded("SELECT /*:execution_columns:*/ FROM executions e")
    assert sql.startswith("SELECT e.execution_id, e.job_id, j.job_name,")
    assert sql.endswith("AS datasource FROM executions e")


def test_a_fragment_may_use_another() -> None:
    assert expanded("/*:open_of_job:*/").count(expanded("/*:open_status:*/")) == 1


def test_an_unknown_fragment_is_refused() -> None:
    with pytest.raises(ValueError, match="no fragment no_such"):
        expanded("SELECT /*:no_such:*/")


def test_a_struct_for_an_unknown_statement_is_refused() -> None:
    with pytest.raises(ValueError, match=r"claim\.sql has no statement no_such"):
        Statements("foliot.common.ledger", "claim.sql", rows={"no_such": msgspec.Struct})


def test_an_unknown_statement_is_no_attribute() -> None:
    assert not hasattr(SQL, "no_such")


def test_times_of_one_month_read_its_table_alone() -> None:
    found = of_month(Statement("plain", OVER_MONTHS, msgspec.Struct), *MARCH)
    assert found == Statement("plain", "UPDATE executions_2026_03 e SET x = 1 WHERE id = 2 AND 4", msgspec.Struct)


@pytest.mark.parametrize("statement", [SQL.claim_executions, SQL.record_executions], ids=lambda s: str(s.name))
def test_nothing_of_all_months_is_left_in_the_statements_that_use_it(statement: Statement) -> None:
    sql = of_month(statement, *MARCH).sql
    assert "executions_2026_03 e" in sql
    assert "month" not in sql.partition("UPDATE")[2]
    assert "= r.scheduled_time" not in sql


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (datetime(2026, 3, 31, 23, 59, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)),
        (datetime(2025, 3, 10, tzinfo=UTC), datetime(2026, 3, 10, tzinfo=UTC)),
        (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)),
        (datetime(2026, 3, 1, 23, 59, tzinfo=UTC), datetime(2026, 3, 31, tzinfo=UTC)),
    ],
    ids=["two months", "a year between", "first day", "from the first day on"],
)
def test_other_times_read_all_months(first: datetime, last: datetime) -> None:
    assert of_month(SQL.claim_executions, first, last) is SQL.claim_executions


@pytest.mark.parametrize("missing", ["/*month*/", "/*all months:*/"])
def test_a_statement_without_its_marks_is_refused(missing: str) -> None:
    with pytest.raises(ValueError, match="lame has no"):
        of_month(Statement("lame", OVER_MONTHS.replace(missing, "")), *MARCH)
