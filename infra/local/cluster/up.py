"""`make up`: start what does not run, bring it to the wanted size, prove that it works."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from cluster import files
from cluster.definition import HOST, minimal_environment
from cluster.down import stop_left_behind
from cluster.errors import ClusterError
from cluster.key import admin_key
from cluster.layout import Layout
from cluster.locks import one_at_a_time, take
from cluster.logfile import open_log, tail
from cluster.pids import alive
from cluster.plan import Plan
from cluster.progress import Progress
from cluster.proof import prove
from cluster.release import RELEASE, stop_other_release
from cluster.settings import SERVER_PORTS, Settings, check_api_port, settle_passwords, settle_ports
from cluster.state import State, read_state
from cluster.status import status

STATE_TIMEOUT = 20.0


async def up(layout: Layout, environment: Mapping[str, str]) -> None:
    with one_at_a_time(layout.command_lock):
        progress = await _start_or_adapt(layout, environment)
        await progress.until_ready()
        plan = Plan(layout)
        _write_addresses(plan)
        key = admin_key(plan)
    if not progress.ready_now:
        print("all is up:")
        await status(layout)
    url = _api_url(plan)
    print("running one job of each type ...", flush=True)
    table = await prove(url, key, plan.pools[0])
    print(f"\nThe API is at {url}, its key in {layout.admin_key}, all addresses in")
    print(f"{layout.env}. `make status` shows the processes, `make down` stops them.\n")
    print(table, flush=True)


async def _start_or_adapt(layout: Layout, environment: Mapping[str, str]) -> Progress:
    lock = take(layout.supervisor_lock)
    if lock is None:
        state = await _running_state(layout)
        _settle(layout, environment, {entry.name for entry in state.entries if entry.alive})
        if state.release == RELEASE:
            return _adapt(layout, state)
        lock = await stop_other_release(layout, state)
    try:
        await stop_left_behind(layout)
        _settle(layout, environment, running=set())
        print(f"starting a cluster in {layout.directory}", flush=True)
        supervisor = _start_supervisor(layout, lock)
    finally:
        os.close(lock)
    await _running_state(layout, supervisor)
    return Progress(layout, plans_followed=1)


def _adapt(layout: Layout, state: State) -> Progress:
    """The supervisor may have missed what an interrupted command wrote, so it always looks again."""
    os.kill(state.supervisor.pid, signal.SIGHUP)
    return Progress(layout, max(state.plans_followed, 1) + 1, before=state)


def _settle(layout: Layout, environment: Mapping[str, str], running: set[str]) -> None:
    before = Settings.read(layout.settings)
    settings = before.changed_by(environment)
    if settings.api_port != before.api_port or "api-1" not in running:
        check_api_port(settings.api_port)
    if "rabbitmq" in running:
        running = running | {"distribution"}
    names = (*SERVER_PORTS, *settings.scheduler_names, *settings.worker_names)
    settle_ports(layout.ports, names, running)
    settle_passwords(layout.passwords)
    Plan(layout, settings).check()
    settings.write(layout.settings)


def _start_supervisor(layout: Layout, lock: int) -> int:
    """It inherits its lock: there is no moment at which nobody has it."""
    packages = f"{Path(__file__).parents[1]}:{Path(__file__).parents[2]}"
    environment = minimal_environment(PYTHONPATH=packages, FOLIOT_LOCAL_DIR=str(layout.directory))
    with open_log(layout.supervisor_log) as log:
        return subprocess.Popen(
            (sys.executable, "-m", "cluster", "supervise"),
            env=environment,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=(lock,),
        ).pid


async def _running_state(layout: Layout, pid: int | None = None) -> State:
    """The state that the living supervisor has written: from then on it hears signals."""
    began = time.monotonic()
    while time.monotonic() < began + STATE_TIMEOUT:
        state = read_state(layout.state)
        if state and alive(state.supervisor) and pid in (None, state.supervisor.pid):
            return state
        await asyncio.sleep(0.05)
    log = layout.supervisor_log
    raise ClusterError(f"the supervisor does not start; its log {log} ends with:", tail(log))


def _write_addresses(plan: Plan) -> None:
    addresses = {
        "FOLIOT_URL": _api_url(plan),
        "DATABASE_URL": plan.primary.url,
        "DATABASE_REPLICA_URL": plan.replica.url,
        "AMQP_URL": plan.rabbitmq.url,
        "ZOOKEEPER_HOSTS": plan.zookeeper.hosts,
        "PROMETHEUS_URL": plan.prometheus.url,
        "ALERTMANAGER_URL": plan.alertmanager.url,
    }
    files.write(plan.layout.env, "".join(f"{name}={value}\n" for name, value in addresses.items()))
    members = f'url = "{_api_url(plan)}"\nkey_file = "{plan.layout.admin_key.name}"\n'
    files.write(plan.layout.context, f'current = "local"\n\n[contexts.local]\n{members}')


def _api_url(plan: Plan) -> str:
    return f"http://{HOST}:{plan.settings.api_port}"
