"""A page is cut from one item more than it shows, and its cursor leads behind its last item."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from foliot.api.web.pages import cursor, cut, place_of


def test_the_item_too_many_tells_that_a_page_follows() -> None:
    assert cut([1, 2, 3], 3, lambda n: (n,)) == ([1, 2, 3], None)
    assert cut([1, 2, 3, 4], 3, lambda n: (n,)) == ([1, 2, 3], cursor(3))


def test_a_cursor_gives_its_values_back() -> None:
    for at in (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC) + timedelta(microseconds=1)):
        assert place_of(cursor(at, 5), datetime, int) == (at, 5)
