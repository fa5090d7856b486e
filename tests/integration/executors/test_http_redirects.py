"""Redirects are followed when the job asks for it, and never with more than they may carry."""

import pytest

from foliot.worker.executors.http_request import HttpRequestExecutor
from integration.executors.http_calls import ran
from integration.executors.servers import answer, serve


async def test_redirects_are_not_followed_unless_asked(http: HttpRequestExecutor) -> None:
    async with serve(answer("302 Found", "Location: /b"), answer(body=b"b")) as seen:
        result, _ = await ran(http, seen)
    assert (result.http_status, result.final) == (302, True)
    assert "set follow_redirects" in str(result.error_message)


async def test_redirects_are_followed_up_to_three_hops(http: HttpRequestExecutor) -> None:
    hop = answer("302 Found", "Location: /next")
    async with serve(hop, hop, hop, answer(body=b"done")) as seen:
        result, log = await ran(http, seen, follow_redirects=True, headers={"Authorization": "x"})
    assert result.succeeded
    assert log.count("302 Found") == 3
    assert [seen.headers(n)["authorization"] for n in range(4)] == ["x"] * 4
    async with serve(hop) as seen:
        result, _ = await ran(http, seen, follow_redirects=True)
    assert len(seen.heads) == 4
    assert (result.http_status, result.final) == (302, True)
    assert "after 3 redirects" in str(result.error_message)


async def test_credentials_and_body_do_not_follow_to_another_origin(http: HttpRequestExecutor) -> None:
    headers = {"Authorization": "SECRET", "X-Api-Key": "SECRET", "Cookie": "SECRET", "Accept": "text/plain"}
    async with serve(answer()) as other:
        async with serve(answer("302 Found", f"Location: {other.url}")) as seen:
            result, _ = await ran(http, seen, method="POST", body="SECRET", headers=headers, follow_redirects=True)
        assert result.succeeded
        assert other.heads[0].startswith("GET / ")
        assert "SECRET" not in other.heads[0]
        assert other.bodies == [b""]
        assert other.headers()["accept"] == "text/plain"
        assert other.headers()["idempotency-key"] == "42:2026-11-23T12:00:00.000000Z"
        async with serve(answer("307 Temporary Redirect", f"Location: {other.url}")) as seen:
            result, _ = await ran(http, seen, method="POST", body="SECRET", follow_redirects=True)
        assert result.final
        assert len(other.heads) == 1


async def test_a_target_that_asks_for_its_cookie_gets_it_within_the_attempt_only(http: HttpRequestExecutor) -> None:
    asks = answer("302 Found", "Set-Cookie: a=1; Path=/; HttpOnly", 'Set-Cookie: b=x="y', "Location: /")
    async with serve(asks, answer(), asks, answer()) as seen:
        for _ in range(2):
            result, log = await ran(http, seen, follow_redirects=True, headers={"cookie": "own=2"})
            assert result.succeeded
            assert "Set-Cookie: [redacted]" in log
    assert [seen.headers(n).get("cookie") for n in range(4)] == ["own=2", 'own=2; a=1; b=x="y'] * 2


async def test_cookies_go_to_their_own_origin_alone(http: HttpRequestExecutor) -> None:
    """A port or a name of the same machine is another origin."""
    async with serve(answer()) as other:
        first = answer("302 Found", "Set-Cookie: a=1; Domain=127.0.0.1", "Set-Cookie: c=3", f"Location: {other.url}")
        async with serve(first) as seen:
            result, _ = await ran(http, seen, follow_redirects=True)
    assert result.succeeded
    assert "cookie" not in other.headers()


async def test_a_cookie_that_is_taken_back_or_for_https_or_another_path_is_not_sent(http: HttpRequestExecutor) -> None:
    asks = answer(
        "302 Found", "Set-Cookie: a=1", "Set-Cookie: a=1; Max-Age=0", "Set-Cookie: s=1; Secure",
        "Set-Cookie: p=1; Path=/other", "Location: /x",
    )  # fmt: skip
    async with serve(asks, answer()) as seen:
        assert (await ran(http, seen, follow_redirects=True))[0].succeeded
    assert "cookie" not in seen.headers()


async def test_a_cookie_that_is_none_leaves_no_line_in_the_workers_log(
    http: HttpRequestExecutor, caplog: pytest.LogCaptureFixture
) -> None:
    async with serve(answer("302 Found", "Set-Cookie: a b=SECRET", "Set-Cookie: =", "Location: /"), answer()) as seen:
        assert (await ran(http, seen, follow_redirects=True))[0].succeeded
    assert "cookie" not in seen.headers()
    assert caplog.records == []


async def test_a_flood_of_cookies_is_bounded(http: HttpRequestExecutor) -> None:
    asks = answer("302 Found", *(f"Set-Cookie: c{n}={'x' * 1_000}" for n in range(100)), "Location: /" + "a/" * 30)
    async with serve(asks, answer()) as seen:
        assert (await ran(http, seen, follow_redirects=True))[0].succeeded
    assert len(seen.headers()["cookie"]) < 8_192
