"""docs/configuration.md, as text."""

from __future__ import annotations

import msgspec

import foliot.api.config
import foliot.scheduler.config
import foliot.worker.config
from foliot.common.process.setting import Setting, settings

CONFIGS: dict[str, type[msgspec.Struct]] = {
    "api": foliot.api.config.Config,
    "scheduler": foliot.scheduler.config.Config,
    "worker": foliot.worker.config.Config,
}
HEAD = """\
# Configuration

Made of the code by `make docs-configuration`. A service reads these variables once, when it starts. Each may be given
as a file instead: `FOLIOT_DATABASE_URL_FILE=/run/secrets/url` holds the value of `FOLIOT_DATABASE_URL`. A process whose
environment is wrong does not start: it logs `config_wrong` with every missing, wrong and unknown `FOLIOT_` variable,
its bounds and the remedy, and ends with exit code 78. Values of secrets are never shown. `.env.example` holds what can
be set for `docker compose up`; `make up` takes settings as they are given to it.

## Services
| variable | service | type | unit | default | values | meaning |
|---|---|---|---|---|---|---|
"""
FOOT = """
## Commands
| variable | read by | meaning |
|---|---|---|
| `FOLIOT_DATABASE_URL` | `python -m foliot.common.migrate` | PostgreSQL's primary, as its owner; `_FILE` too. |
| `FOLIOT_MIGRATIONS_DIR` | `python -m foliot.common.migrate` | Folder of the migrations, `sql/migrations` by default. |
| `FOLIOT_API_PASSWORD`, `FOLIOT_SCHEDULER_PASSWORD`, `FOLIOT_WORKER_PASSWORD`, `FOLIOT_MAINTENANCE_PASSWORD` \
| `python -m foliot.common.migrate` | Passwords that the roles get; `_FILE` too. |
| `FOLIOT_LOCAL_DIR` | `make up` | Folder of the local cluster, `.local` by default. |

## Scripts
Each script finds these in its environment.

| variable | meaning |
|---|---|
| `FOLIOT_JOB_ID` | The job. |
| `FOLIOT_EXECUTION_ID` | This attempt. |
| `FOLIOT_ATTEMPT` | Its number, from 1. |
| `FOLIOT_SCHEDULED_TIME` | The tick that it runs for, RFC 3339 UTC. |
"""


def configuration_page() -> str:
    rows: list[tuple[Setting, list[str]]] = []
    for service, config in CONFIGS.items():
        for setting in settings(config):
            same = next((services for known, services in rows if known == setting), None)
            if same is None:
                rows.append((setting, [service]))
            else:
                same.append(service)
    return HEAD + "".join(_row(setting, services) for setting, services in rows) + FOOT


def _row(setting: Setting, services: list[str]) -> str:
    where = "every" if len(services) == len(CONFIGS) else ", ".join(services)
    cells = (
        f"`{setting.variable}`", where, setting.kind, setting.unit, _default(setting), setting.bounds, setting.meaning
    )  # fmt: skip
    return f"| {' | '.join(cells)} |\n"


def _default(setting: Setting) -> str:
    if setting.required:
        return "*required*"
    if setting.default is msgspec.NODEFAULT:
        return str(setting.notes["extra"]["default"])
    value = ",".join(setting.default) if isinstance(setting.default, tuple) else setting.default
    return "none" if value in (None, "") else f"`{value}`"
