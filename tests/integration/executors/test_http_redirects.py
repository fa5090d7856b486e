"""Redirects are followed when the job asks for it, and never with more than they may carry."""

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
