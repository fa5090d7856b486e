"""Calls of http_request to a loopback server."""

from ipaddress import ip_network
from typing import Any

from foliot.worker.executors.attempt import Result
from foliot.worker.executors.http_request import HttpRequestExecutor
from foliot.worker.output import Output
from integration.executors.making import make_attempt
from integration.executors.servers import Seen

LOOPBACK = [ip_network("127.0.0.0/8")]


async def ran(executor: HttpRequestExecutor, seen: Seen, **payload: Any) -> tuple[Result, str]:
    output = Output()
    result = await executor.run(make_attempt("http_request", **({"url": seen.url} | payload)), output)
    return result, output.text()
