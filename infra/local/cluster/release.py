"""The release that this code is, and what becomes of a running cluster of another one."""

from cluster.down import end_supervisor
from cluster.layout import REPOSITORY, Layout
from cluster.state import State
from foliot.common.ledger.schema import SCHEMA_VERSION

RELEASE = f"{(REPOSITORY / 'VERSION').read_text().strip()}, schema {SCHEMA_VERSION}"


async def stop_other_release(layout: Layout, state: State) -> int:
    """Stops all of it, and gives the supervisor's lock. Nothing of another release may run while the schema is
    migrated, and its supervisor would start that release's processes again."""
    other = state.release or "an older release"
    print(f"the running cluster is {other}; this is {RELEASE}. It is stopped, migrated and started again:", flush=True)
    return await end_supervisor(layout)
