"""A small worker: hosts a ScriptExecutor, runs a script, keeps its lease alive, prints what happens as JSON lines.

python script_host.py '{"script": "...", "args": [], "mode": "namespace", "lease_seconds": 1}'
"""

import asyncio
import json
import sys

import uvloop

from foliot.worker.executors.sandbox import Sandbox
from foliot.worker.executors.script import ScriptExecutor
from foliot.worker.executors.supervisor.linux import now
from foliot.worker.output import Output
from integration.executors.making import make_attempt


async def main(asked: dict[str, object]) -> None:
    lease = float(str(asked.get("lease_seconds", 25)))
    mode = asked.get("mode")
    async with ScriptExecutor(Sandbox(mode=mode), lease_seconds=lease) as executor, asyncio.TaskGroup() as group:
        say(event="ready", mode=executor.mode, supervisor=executor._link.pid)
        heart = group.create_task(beat(executor, lease))
        output = Output()
        attempt = make_attempt("script", script=asked["script"], args=asked["args"])
        result = await executor.run(attempt, output)
        say(event="ended", succeeded=result.succeeded, message=result.error_message, log=output.text())
        heart.cancel()


async def beat(executor: ScriptExecutor, lease: float) -> None:
    while True:
        executor.extend(now() + lease)
        await asyncio.sleep(lease / 6)


def say(**event: object) -> None:
    print(json.dumps(event), flush=True)


if __name__ == "__main__":
    uvloop.run(main(json.loads(sys.argv[1])))
