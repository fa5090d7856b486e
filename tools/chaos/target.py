"""A target for http_request jobs, a process of its own: answers 200 and writes down when each request came."""

from __future__ import annotations

import asyncio
import sys
import time

from aiohttp import web


def main(path: str) -> None:
    """Appends `<Idempotency-Key> <attempt> <epoch ns>` to `path` for each request; prints its port."""
    arrivals = open(path, "a", buffering=1 << 16)  # noqa: SIM115 - open until the process ends

    async def answer(request: web.Request) -> web.Response:
        arrivals.write(f"{request.headers['Idempotency-Key']} {request.headers['X-Foliot-Attempt']} {time.time_ns()}\n")
        return web.Response(text="ok")

    async def serve() -> None:
        app = web.Application()
        app.router.add_get("/", answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        print(runner.addresses[0][1], flush=True)
        while True:
            await asyncio.sleep(0.5)
            arrivals.flush()

    asyncio.run(serve())


if __name__ == "__main__":
    main(sys.argv[1])
