"""Trace context that callers send."""

from __future__ import annotations

import pytest

from foliot.common.model.tracing import trace_id, valid_traceparent

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize("given", [f"00-{TRACE}-{SPAN}-01", f"00-{TRACE.upper()}-{SPAN}-00"])
def test_valid(given: str) -> None:
    assert trace_id(valid_traceparent(given)) == TRACE


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        "00",
        f"01-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}-01x",
    ],
)
def test_what_is_none_is_ignored(given: str | None) -> None:
    assert valid_traceparent(given) is None
    assert trace_id(None) is None
