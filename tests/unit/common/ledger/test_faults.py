"""The owner of each error of PostgreSQL."""

from __future__ import annotations

import asyncpg
import pytest

from foliot.common.ledger.faults import AWAY, Fault, classify, why_away

TABLE = {
    "22003": Fault.ROW,  # a number out of range
    "22P02": Fault.ROW,  # text that is no number
    "22021": Fault.ROW,  # a character that is not in the encoding
    "23502": Fault.ROW,  # null where none may be
    "23505": Fault.ROW,  # a key that is there already
    "23514": Fault.ROW,  # a check
    "40001": Fault.AGAIN,  # a serialization failure
    "40P01": Fault.AGAIN,  # a deadlock
    "25006": Fault.CLUSTER,  # read-only: a replica
    "42501": Fault.CLUSTER,  # a privilege
    "42P01": Fault.CLUSTER,  # a table that is not there
    "53100": Fault.CLUSTER,  # a full disk
    "57014": Fault.CLUSTER,  # a timeout
}


def error(state: str, message: str = "") -> asyncpg.PostgresError:
    made: asyncpg.PostgresError = asyncpg.PostgresError.new({"C": state, "M": message})
    return made


@pytest.mark.parametrize("state", TABLE)
def test_the_state_names_the_owner(state: str) -> None:
    assert classify(error(state)) is TABLE[state]


def test_a_missing_month_is_no_fault_of_the_row() -> None:
    assert classify(error("23514", 'no partition of relation "executions" found for row')) is Fault.CLUSTER


def test_an_error_without_a_state_is_the_cluster_s() -> None:
    assert classify(asyncpg.PostgresError("lost")) is Fault.CLUSTER


@pytest.mark.parametrize(
    ("state", "why"),
    [("53100", "disk_full"), ("53200", "away"), ("57014", "busy"), ("55P03", "busy"), ("25006", "away")],
)
def test_an_absence_has_a_reason(state: str, why: str) -> None:
    found = error(state)
    assert isinstance(found, AWAY)
    assert why_away(found) == why


def test_a_timeout_of_ours_is_busy() -> None:
    assert why_away(TimeoutError()) == "busy"
