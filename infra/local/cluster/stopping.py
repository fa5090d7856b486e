"""The order of stopping."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping


async def stop_in_reverse(needs: Mapping[str, Collection[str]], stop: Callable[[str], Awaitable[None]]) -> None:
    """Stop each after all that need it, and at the same time what does not need each other."""

    async def stop_after_dependents(name: str) -> None:
        dependents = [task for other, task in tasks.items() if name in needs[other]]
        if dependents:
            await asyncio.wait(dependents)
        await stop(name)

    async with asyncio.TaskGroup() as group:
        # No task runs before all are made.
        tasks = {name: group.create_task(stop_after_dependents(name)) for name in needs}
