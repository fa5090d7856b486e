"""If-Match against the version of a definition."""

from __future__ import annotations

import pytest

from foliot.api.web.etags import etag, is_weak, matches


@pytest.mark.parametrize(
    ("if_match", "matching"),
    [(None, True), ("*", True), ('"7"', True), (' "7" ', True), ('"6"', False), ("7", False), ('W/"7"', False), ("", False),
     ('"1", "7"', True), ('"1","2"', False), ('W/"7", "6"', False), ('W/"6", "7"', True), ('"7', False)],
)  # fmt: skip
def test_version_7(if_match: str | None, matching: bool) -> None:
    assert matches(if_match, 7) is matching


def test_an_etag_matches_its_own_version_alone() -> None:
    assert matches(etag(7), 7)
    assert not matches(etag(7), 70)


def test_a_weak_tag_is_told() -> None:
    assert is_weak('"1", W/"7"')
    assert not is_weak('"7"')
    assert not is_weak(None)
