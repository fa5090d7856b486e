"""The connections of http_request: kept where that is safe, closed on a cancel, their certificates checked."""

import asyncio
import ssl
import subprocess
from pathlib import Path

import pytest

from foliot.worker.executors.http_request import HttpRequestExecutor
from integration.executors.http_calls import LOOPBACK, ran
from integration.executors.servers import answer, serve


async def test_cookies_are_not_shared_between_jobs(http: HttpRequestExecutor) -> None:
    async with serve(answer("200 OK", "Set-Cookie: a=b; Path=/")) as seen:
        for _ in range(2):
            assert (await ran(http, seen, url=f"http://localhost:{seen.port}/"))[0].succeeded
    assert "cookie" not in seen.headers()


async def test_connections_are_kept_for_repeatable_methods_only(http: HttpRequestExecutor) -> None:
    async with serve(answer(body=b"x")) as seen:
        for _ in range(3):
            assert (await ran(http, seen))[0].succeeded
        assert seen.connections == 1
        for _ in range(3):
            assert (await ran(http, seen, method="POST"))[0].succeeded
        assert seen.connections == 4


async def test_a_kept_connection_that_died_is_replaced(http: HttpRequestExecutor) -> None:
    """The server hangs up at the second request of a connection, as one that was just restarted does."""
    seen_ports: set[int] = set()

    async def once_each(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen_ports.add(writer.get_extra_info("peername")[1])
        writer.write(answer(body=b"x"))
        await reader.readuntil(b"\r\n\r\n")

    async with serve(handle=once_each) as seen:
        for _ in range(2):
            assert (await ran(http, seen))[0].succeeded
    assert len(seen_ports) == 2


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_server_that_hangs_up_sees_one_request_an_attempt(http: HttpRequestExecutor, method: str) -> None:
    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with serve(handle=hang_up) as seen:
        result, _ = await ran(http, seen, method=method)
    assert (result.succeeded, result.final) == (False, False)
    assert result.error_message == "the server hung up without an answer"
    assert len(seen.heads) == 1


async def test_a_cancel_closes_the_connection(http: HttpRequestExecutor) -> None:
    asked = asyncio.Event()
    gone = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()
        gone.set()

    async with serve(handle=silent) as seen, asyncio.timeout(5):
        task = asyncio.create_task(ran(http, seen))
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await gone.wait()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a new key and its certificate for 127.0.0.1 that nobody vouches for."""
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    name = ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(
        ["openssl", "req", "-x509", *curve, *name, "-keyout", file, "-out", file],
        check=True,
        capture_output=True,
    )
    return file


async def test_certificates_are_checked(http: HttpRequestExecutor, certificate: Path) -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    trusting = ssl.create_default_context(cafile=certificate)
    downgrade = answer("302 Found", "Location: http://127.0.0.1:1/")
    async with serve(answer(body=b"x"), downgrade, tls=tls) as seen:
        untrusted, _ = await ran(http, seen)
        async with HttpRequestExecutor(allow_networks=LOOPBACK, tls=trusting) as own:
            trusted, _ = await ran(own, seen)
            downgraded, _ = await ran(own, seen, follow_redirects=True)
    assert (untrusted.succeeded, untrusted.final) == (False, False)
    assert "certificate" in str(untrusted.error_message)
    assert trusted.succeeded
    assert downgraded.final
    assert downgraded.error_message == "refused: redirect from https to http at 127.0.0.1"


async def test_nobody_listens(http: HttpRequestExecutor) -> None:
    async with serve(answer()) as seen:
        pass
    result, log = await ran(http, seen)
    assert (result.succeeded, result.final, log) == (False, False, "")
    assert result.error_message == f"no connection to 127.0.0.1:{seen.port}: Connection refused"
