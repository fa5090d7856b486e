"""`make status`: one line a process, asked at this moment."""

import asyncio

from cluster.definition import Definition
from cluster.errors import NotReady
from cluster.layout import Layout
from cluster.pids import alive
from cluster.plan import Plan
from cluster.probes import ask
from cluster.state import Entry, State, read_state
from cluster.table import aligned

PATIENCE = 2.0

Row = tuple[str, str, str, str, str]


async def status(layout: Layout) -> bool:
    """Whether all is ready."""
    state = read_state(layout.state)
    if not layout.exists or state is None:
        print("supervisor  -  -  not running: make up")
        return False
    plan = Plan(layout)
    rows = [_supervisor(state), *await _processes(state, plan)]
    print(aligned(rows))
    if plan.settings.services:
        print("settings (NAME= make up forgets one):")
        print("\n".join(f"  {name}={text}" for name, text in plan.settings.services.items()))
    return all(row[3] == "ready" for row in rows)


def _supervisor(state: State) -> Row:
    if alive(state.supervisor):
        return ("supervisor", str(state.supervisor.pid), "-", "ready", "")
    return ("supervisor", "-", "-", "not running: make up", "")


async def _processes(state: State, plan: Plan) -> list[Row]:
    entries = {entry.name: entry for entry in state.entries}
    rows: list[Row] = []
    definitions = []
    for part in plan.parts():
        entry = entries.get(part.name) or Entry.of(part)
        if isinstance(part, Definition):
            definitions.append((part, entry))
        elif not entry.ready and alive(state.supervisor):
            rows.append((part.name, "-", "-", entry.phase, ""))
    return rows + await asyncio.gather(*(_process(one, entry) for one, entry in definitions))


async def _process(definition: Definition, entry: Entry) -> Row:
    if not entry.alive or entry.process is None:
        phase = entry.phase if not entry.ready else "died"
        return (definition.name, "-", definition.address, phase, "")
    pid = str(entry.process.pid)
    try:
        role = await ask(definition.probe, PATIENCE)
    except NotReady as why:
        phase = f"not ready: {' '.join(str(why).split())}"
        return (definition.name, pid, definition.address, phase, "")
    return (definition.name, pid, definition.address, "ready", role)
