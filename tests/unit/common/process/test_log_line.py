"""A log line: its members, and values that JSON does not know or that are too long."""

from __future__ import annotations

import contextvars
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from foliot.common.process.logs.bound import bind
from foliot.common.process.logs.line import Line
from foliot.common.process.logs.values import LONGEST_TEXT

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
EAST = timezone(timedelta(hours=3))


def line(event: str = "a_b", method: str = "info", **fields: Any) -> dict[str, Any]:
    written: dict[str, Any] = json.loads(Line("worker")(method, event, fields))
    return written


def shown(value: Any) -> Any:
    return line(value=value)["value"]


def test_a_line_begins_with_time_service_level_message_and_event() -> None:
    written = line(method="warning", job_id=7)
    assert list(written) == ["timestamp", "service", "level", "message", "event", "job_id"]
    assert [*written.values()][1:] == ["worker", "WARNING", "a b", "a_b", 7]
    assert datetime.fromisoformat(written["timestamp"]).tzinfo is not None


@pytest.mark.parametrize("method", ["debug", "info", "warning", "error", "critical"])
def test_the_level_is_the_method(method: str) -> None:
    assert line(method=method)["level"] == method.upper()


def test_a_level_of_a_library_s_own_is_info() -> None:
    assert line(method="notice")["level"] == "INFO"


def test_a_message_of_its_own_takes_the_place_of_the_event_s_words() -> None:
    assert line(message="said")["message"] == "said"


def test_a_sentence_is_no_event() -> None:
    written = line("it broke at 5")
    assert written["message"] == "it broke at 5"
    assert "event" not in written


def test_a_line_without_fields_is_whole() -> None:
    assert set(line()) == {"timestamp", "service", "level", "message", "event"}


def test_none_is_left_out() -> None:
    assert "value" not in line(value=None)


def test_bound_fields_stand_in_a_line_and_its_own_go_first() -> None:
    def inside() -> dict[str, Any]:
        bind(request_id="r", job_id=1)
        return line(job_id=2)

    written = contextvars.copy_context().run(inside)
    assert (written["request_id"], written["job_id"]) == ("r", 2)
    assert "request_id" not in line()


@pytest.mark.parametrize("value", [7, True, 1.5, "text", "x" * LONGEST_TEXT, [1, "a"], {"a": 1}])
def test_values_that_json_knows_stay(value: Any) -> None:
    assert shown(value) == value


def test_a_huge_text_keeps_its_beginning_and_its_end() -> None:
    text = shown("b" * 1_000 + "m" * 100_000 + "e" * 3_000)
    assert text == "b" * 1_000 + " ... " + "e" * 3_000


def test_half_a_surrogate_pair_does_not_lose_the_line() -> None:
    written = line(path="a\ud800b", whole=7, at=NOON.replace(microsecond=5))
    assert (written["path"], written["whole"]) == ("a?b", 7)
    assert written["at"] == "2026-01-02T12:00:00.000005Z"


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (NOON, "2026-01-02T12:00:00.000000Z"),
        (NOON.replace(microsecond=7), "2026-01-02T12:00:00.000007Z"),
        (NOON.astimezone(EAST), "2026-01-02T12:00:00.000000Z"),
        (NOON.replace(microsecond=7).astimezone(EAST), "2026-01-02T12:00:00.000007Z"),
    ],
)
def test_aware_times_have_one_form(moment: datetime, text: str) -> None:
    assert shown(moment) == text


@pytest.mark.parametrize("microsecond", [0, 7])
def test_a_naive_time_is_one_of_this_host_s_zone(microsecond: int) -> None:
    naive = NOON.replace(microsecond=microsecond, tzinfo=None)
    assert datetime.fromisoformat(shown(naive)) == naive.astimezone(UTC)


def test_an_error_has_its_type_and_words() -> None:
    assert shown(ValueError("no")) == "ValueError: no"


def test_a_group_names_its_first_errors() -> None:
    group = ExceptionGroup("all", [ValueError(str(n)) for n in range(100)])
    assert shown(group) == "; ".join(f"ValueError: {n}" for n in range(5))


def test_a_traceback_stands_in_the_field_error() -> None:
    try:
        raise ValueError("deep down")
    except ValueError as error:
        written = line(method="error", exc_info=error)
    assert written["error"].startswith("Traceback")
    assert written["error"].endswith("ValueError: deep down")
    assert "exc_info" not in written


def test_an_error_of_its_own_stays_beside_a_traceback() -> None:
    assert line(exc_info=ValueError("deep down"), error="short")["error"] == "short"


def test_a_value_of_no_json_type_is_text() -> None:
    assert shown({5}) == "{5}"
