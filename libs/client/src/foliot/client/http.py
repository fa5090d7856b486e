"""The transport that blocks, over http.client: for scripts and the command line. It does not import asyncio."""

from __future__ import annotations

import http.client
from collections.abc import Generator, Iterator
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import urlsplit

from foliot.client.clock import sleep
from foliot.client.decoding import decoded
from foliot.client.exchange import Call, Lost, Pause, Reply, exchange
from foliot.client.request import Request

Answer = TypeVar("Answer")


class Client:
    """One connection to one API. Not for several threads at once.

    with Client("http://127.0.0.1:8080", key) as client:
        job = client.send(create_job({...}))
    """

    def __init__(self, url: str, key: str | None = None, timeout: float = 30.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"the address of the API must be http://host or https://host, not {url!r}")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname, parts.port, timeout=timeout)
        self._prefix = parts.path.rstrip("/")
        self._key = key

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def send(self, request: Request[Answer]) -> Answer:
        """The answer in its type. Raises Refused or Away."""
        return decoded(request, self.answer(request))

    def answer(self, request: Request[Any]) -> Reply:
        """The answer as it came. Raises Refused or Away."""
        steps = exchange(request, self._key)
        given: Reply | Lost | None = None
        while True:
            try:
                step = steps.send(given)
            except StopIteration as end:
                reply: Reply = end.value
                return reply
            given = self._do(step)

    def pages(self, request: Request[Answer]) -> Iterator[Answer]:
        """This page of a list and all that follow."""
        following: Request[Answer] | None = request
        while following is not None:
            page: Any = self.send(following)
            yield page
            following = following.after(page.next_cursor) if page.next_cursor else None

    def wait(self, steps: Generator[Request[Answer] | Pause, Any, Answer]) -> Answer:
        """Drives what `waiting` describes."""
        given: Answer | None = None
        while True:
            try:
                step = steps.send(given)
            except StopIteration as end:
                found: Answer = end.value
                return found
            given = None
            if isinstance(step, Pause):
                sleep(step.seconds)
            else:
                given = self.send(step)

    def _do(self, step: Call | Pause) -> Reply | Lost | None:
        if isinstance(step, Pause):
            sleep(step.seconds)
            return None
        try:
            self._connection.request(step.method, self._prefix + step.target, step.body, step.headers)
            response = self._connection.getresponse()
            headers = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, headers, response.read())
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            where = f"{self._connection.host}:{self._connection.port}"
            return Lost(f"no answer from {where}: {error or type(error).__name__}")
