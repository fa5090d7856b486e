"""http_request: one request for each attempt, its answer judged by status."""

import asyncio
import ssl
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

import msgspec
from aiohttp import ClientError, InvalidUrlClientError
from yarl import URL

from foliot.common.model.payloads.http_request import HttpRequest
from foliot.common.model.retry import DEFAULT_RETRY_ON
from foliot.worker.executors.attempt import Attempt, Result
from foliot.worker.executors.http import answers
from foliot.worker.executors.http.addresses import Network
from foliot.worker.executors.http.answers import HttpAnswer
from foliot.worker.executors.http.cookies import Cookies
from foliot.worker.executors.http.errors import described
from foliot.worker.executors.http.redirects import MAX_HOPS, Request, follow
from foliot.worker.executors.http.resolver import tenant
from foliot.worker.executors.http.sessions import RefusedTargetError, Sessions
from foliot.worker.executors.http.statuses import matches
from foliot.worker.output import Output

_GRACE_SECONDS: Final = 5.0
"""Seconds beyond the attempt's timeout: the runner's timeout comes first, this one holds where there is no runner."""


class HttpRequestExecutor:
    """Async context manager; a worker has one, for any number of attempts at a time.

    `allow_networks`: networks that jobs may reach besides the public ones. `tls`: certificates to trust, the
    system's by default. `name_servers`: `address:port` of each, those of the system by default.
    """

    def __init__(
        self,
        *,
        allow_networks: Sequence[Network] = (),
        tls: ssl.SSLContext | None = None,
        name_servers: Sequence[str] = (),
    ) -> None:
        self._sessions = Sessions(allow_networks=allow_networks, tls=tls, name_servers=name_servers)

    async def __aenter__(self) -> Self:
        await self._sessions.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._sessions.__aexit__(kind, error, trace)

    async def run(self, attempt: Attempt, output: Output) -> Result:
        """See `Executor.run`. A cancel closes the connection at once."""
        payload = attempt.payload
        if not isinstance(payload, HttpRequest):
            raise TypeError(f"not an http_request: {type(payload).__name__}")
        retry_on = DEFAULT_RETRY_ON if attempt.retry_on is None else attempt.retry_on
        tenant.set(attempt.tenant)  # of this attempt's task alone
        try:
            async with asyncio.timeout(attempt.timeout_seconds + _GRACE_SECONDS):
                answer = await self._exchange(payload, _headers(attempt), output)
        except (RefusedTargetError, InvalidUrlClientError) as error:
            return Result(succeeded=False, error_message=f"refused: {error}", final=True)
        except (ClientError, OSError) as error:  # TimeoutError is an OSError
            return Result(succeeded=False, error_message=described(error), final="network" not in retry_on)
        return _judged(answer, payload, retry_on)

    async def _exchange(self, payload: HttpRequest, headers: dict[str, str], output: Output) -> HttpAnswer:
        request = _first(payload)
        cookies = Cookies()
        for _ in range(MAX_HOPS):
            answer = await self._sent(request, cookies, headers, output)
            if answer.location is None or not payload.follow_redirects:
                return answer
            cookies.keep(request.url, answer.set_cookies)
            request = follow(request, answer.status, answer.location)
        answer = await self._sent(request, cookies, headers, output)
        if answer.location is None:
            return answer
        return msgspec.structs.replace(answer, reason=f"after {MAX_HOPS} redirects")

    async def _sent(self, request: Request, cookies: Cookies, headers: dict[str, str], output: Output) -> HttpAnswer:
        headers = cookies.added(request.url, request.headers) | headers
        response = await self._sessions.send(request.method, request.url, headers, request.body)
        return await answers.read(response, output)


def _headers(attempt: Attempt) -> dict[str, str]:
    return {
        "Idempotency-Key": attempt.idempotency_key,
        "X-Foliot-Job-Id": str(attempt.job_id),
        "X-Foliot-Attempt": str(attempt.attempt_number),
        "traceparent": attempt.traceparent,
    }


def _first(payload: HttpRequest) -> Request:
    headers = dict(payload.headers)
    given = {name.lower() for name in headers}
    if "user-agent" not in given:
        headers["User-Agent"] = "foliot-worker"
    body: bytes | None = None
    if isinstance(payload.body, str):
        body, content_type = payload.body.encode(), "text/plain; charset=utf-8"
    elif payload.body is not None:
        body, content_type = msgspec.json.encode(payload.body), "application/json"
    if body is not None and "content-type" not in given:
        headers["Content-Type"] = content_type
    url = URL(payload.url, encoded=payload.url.isascii())  # a signed URL must arrive as it was written
    return Request(method=payload.method, url=url, headers=headers, body=body)


def _judged(answer: HttpAnswer, payload: HttpRequest, retry_on: Sequence[str | int]) -> Result:
    if matches(answer.status, payload.expected_status):
        return Result(succeeded=True, http_status=answer.status)
    message = f"{answer.status} {answer.reason}".rstrip() + f"; expected {', '.join(payload.expected_status)}"
    if answer.location is not None and not payload.follow_redirects:
        message += "; set follow_redirects to follow it"
    return Result(
        succeeded=False,
        error_message=message,
        http_status=answer.status,
        final=not matches(answer.status, retry_on),
        retry_after=answer.retry_after,
    )
