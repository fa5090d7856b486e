"""Names that tell of a secret, in payloads and in answers; and what stands in place of their values."""

from __future__ import annotations

import pytest

from foliot.common.model.hidden import HIDDEN, looks_secret, marked, without_secrets

SECRETS = (
    "Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "X-Api-Key", "X-Key", "X-Credential", "X-Jwt",
    "X-Auth-Token", "DB_PASSWORD", "PGPASSWORD", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "X-CSRF-Token", "session_id",
)  # fmt: skip
PLAIN = ("Accept", "Content-Type", "User-Agent", "X-Request-Id", "LANG", "PATH", "HOME", "TZ", "Host", "Date", "ETag")


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_known_by_its_name(name: str) -> None:
    assert looks_secret(name)
    assert looks_secret(name.lower())


@pytest.mark.parametrize("name", PLAIN)
def test_what_tells_of_no_secret_is_shown(name: str) -> None:
    assert not looks_secret(name)


def test_values_are_hidden_and_the_payload_is_left_as_it_is() -> None:
    payload = {"url": "u", "headers": {"Cookie": "a=b", "Accept": "*/*"}, "env": {"TOKEN": "t"}, "body": {"token": "t"}}
    shown = without_secrets(payload)
    assert shown == payload | {"headers": {"Cookie": HIDDEN, "Accept": "*/*"}, "env": {"TOKEN": HIDDEN}}
    assert payload["headers"]["Cookie"] == "a=b"  # type: ignore[index]
    assert marked(shown) == ["headers.Cookie", "env.TOKEN"]


@pytest.mark.parametrize("payload", [{}, {"headers": None}, {"headers": [1]}, {"env": "x"}, None, "text", []])
def test_a_payload_of_any_shape_can_be_shown(payload: object) -> None:
    assert without_secrets(payload) == payload
