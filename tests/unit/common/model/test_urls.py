"""URLs at the door: what is taken as right by its shape is right when it is taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from foliot.common.model import urls


@given(st.from_regex(urls._PLAIN, fullmatch=True))
def test_nothing_is_wrong_with_a_plain_url(url: str) -> None:
    parsed = URL(url)
    assert list(urls._check_parsed_url("url", parsed, parsed.raw_host or "")) == []


@pytest.mark.parametrize("url", ["http://10.0.0.1:9/a?b=c", "https://api.example.com", "http://localhost:8080/~x"])
def test_common_urls_are_plain(url: str) -> None:
    assert urls._PLAIN.fullmatch(url)


@pytest.mark.parametrize(
    "url", ["http://user@host/", "http://host:0/", "http://host:70000/", "ftp://host/", "http:///a", "http://h/\n"]
)
def test_what_may_be_wrong_is_not(url: str) -> None:
    assert not urls._PLAIN.fullmatch(url)
    assert list(urls.check_url("url", url))
