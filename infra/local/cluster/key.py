"""The admin key of the local cluster: `make up` makes the first one, `make key` another in its place."""

import subprocess

from cluster import files, services
from cluster.errors import ClusterError
from cluster.layout import Layout
from cluster.locks import one_at_a_time
from cluster.plan import Plan

KEY_TIMEOUT = 60.0


def admin_key(plan: Plan) -> str:
    """The stored key; made when there is none."""
    path = plan.layout.admin_key
    return path.read_text().strip() if path.exists() else _store_new(plan, "first")


def replace_key(layout: Layout) -> None:
    """Store a new admin key in place of one that was lost or revoked. The old key is not revoked."""
    with one_at_a_time(layout.command_lock):
        _store_new(Plan(layout), "local")
    print(f"a new admin key is in {layout.admin_key}")


def _store_new(plan: Plan, name: str) -> str:
    result = subprocess.run(
        services.command("foliot.api", "create-key", "--role", "admin", "--name", name),
        env=services.api_environment(plan.settings.api_port, plan.addresses),
        capture_output=True,
        text=True,
        timeout=KEY_TIMEOUT,
        check=False,
    )
    if result.returncode != 0:
        raise ClusterError("an admin key cannot be made: run make up", result.stderr)
    key = result.stdout.strip()
    files.write(plan.layout.admin_key, f"{key}\n")
    return key
