"""The commands behind `make up`, `make status`, `make logs`, `make down`, `make clean` and `make key`."""

import asyncio
import os
import sys

from cluster.down import down
from cluster.errors import ClusterError
from cluster.key import replace_key
from cluster.layout import Layout
from cluster.logs import logs
from cluster.plan import Plan
from cluster.status import status
from cluster.supervise import supervise
from cluster.up import up

USAGE = "usage: python -m cluster up|status|logs|down|clean|key"


async def run(command: str, layout: Layout) -> bool:
    """Whether all is as asked for."""
    match command:
        case "up":
            layout.create()
            await up(layout, os.environ)
        case "status":
            return await status(layout)
        case "logs":
            await logs(layout, os.environ)
        case "down":
            await down(layout)
        case "clean":
            await down(layout, remove=True)
        case "key":
            replace_key(layout)
        case "supervise":
            await supervise(lambda: Plan(layout).parts(), layout.state, layout.logs)
        case _:
            raise ClusterError(USAGE)
    return True


def main() -> int:
    command = sys.argv[1] if len(sys.argv) == 2 else ""
    try:
        return 0 if asyncio.run(run(command, Layout.from_environment())) else 1
    except ClusterError as error:
        print(error, file=sys.stderr)
    except PermissionError as error:
        remedy = "work as its owner, or set FOLIOT_LOCAL_DIR to a folder of your own"
        print(f"{error.filename} belongs to somebody else: {remedy}", file=sys.stderr)
    except BrokenPipeError:  # whoever read our output has gone; nothing to tell, also not at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        if command == "logs":
            return 0
        print("interrupted; what was started keeps running: make status, make down", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
