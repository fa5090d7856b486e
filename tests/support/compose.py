"""The cluster of compose.yaml as a test sees it: a project of its own, with volumes and addresses of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp

from cluster.ports import choose
from support.databases import TestDatabase
from support.foliot import Foliot

REPOSITORY = Path(__file__).parents[2]
ADMIN_PORTS = {"api": 8080, "scheduler": 9101, "worker": 9102}
PORTS = ("API_PORT", "PROMETHEUS_PORT", "ALERTMANAGER_PORT", "GRAFANA_PORT", "KIBANA_PORT")


class Compose:
    """One project. `settings`: variables of .env.example."""

    def __init__(self, project: str, *profiles: str, **settings: str) -> None:
        self.project = project
        self.profiles = [f"--profile={profile}" for profile in profiles]
        ports = {name: str(port) for name, port in choose(PORTS).items()}
        subnet = f"172.31.{secrets.randbelow(250)}.0/24"
        self.settings = {"FOLIOT_SUBNET": subnet, "FOLIOT_REVISION": "e2e", **ports, **settings}

    @property
    def gateway(self) -> str:
        """This machine, as the containers reach it."""
        return self.settings["FOLIOT_SUBNET"].replace(".0/24", ".1")

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.settings['API_PORT']}"

    async def __call__(self, *arguments: str, stdin: bytes = b"") -> str:
        """The stdout of `docker compose`; fails with its stderr."""
        return (await self.bytes(*arguments, stdin=stdin)).decode()

    async def bytes(self, *arguments: str, stdin: bytes = b"") -> bytes:
        return await run("compose", "-p", self.project, *self.profiles, *arguments, stdin=stdin, env=self.settings)

    async def containers(self, service: str = "") -> list[dict[str, Any]]:
        """The containers as `docker inspect` describes them, by name."""
        ids = (await self("ps", "-aq", *([service] if service else []))).split()
        found: list[dict[str, Any]] = json.loads(await docker("inspect", *ids)) if ids else []
        return sorted(found, key=lambda container: container["Name"])

    async def psql(self, statement: str, service: str = "postgres", user: str = "foliot") -> str:
        out = await self("exec", "-T", service, "psql", "-XAtq", "-U", user, "-d", "foliot", "-c", statement)
        return out.strip()


async def docker(*arguments: str) -> str:
    return (await run(*arguments)).decode()


async def run(*arguments: str, stdin: bytes = b"", env: dict[str, str] | None = None, within: float = 400) -> bytes:
    process = await asyncio.create_subprocess_exec(
        "docker", *arguments, cwd=REPOSITORY, env={**os.environ, **(env or {})},
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(within):
        out, err = await process.communicate(stdin)
    if process.returncode != 0:
        said = (out[-2000:] + err[-2000:]).decode(errors="replace")
        raise AssertionError(f"docker {' '.join(arguments)}: {process.returncode}\n{said}")
    return out


@contextlib.asynccontextmanager
async def start_compose(project: str, *profiles: str, **settings: str) -> AsyncIterator[Compose]:
    """Built, healthy, and removed with its volumes at the end; FOLIOT_E2E_KEEP=1 leaves it."""
    compose = Compose(project, *profiles, **settings)
    await compose("down", "--volumes", "--timeout=5")
    try:
        await compose("up", "--detach", "--build", "--wait")
        yield compose
    finally:
        if not os.environ.get("FOLIOT_E2E_KEEP"):
            await compose("down", "--volumes", "--timeout=5")


class ComposeFoliot(Foliot):
    """Processes call themselves by their container's id."""

    def __init__(self, compose: Compose, database: TestDatabase, http: aiohttp.ClientSession) -> None:
        super().__init__(database, {}, http, {}, "")
        self.compose = compose
        self.host = compose.gateway
        self._addresses: dict[str, dict[str, str]] = {}

    async def look_again(self) -> None:
        """After containers came and went."""
        self._addresses = {
            service: {c["Config"]["Hostname"]: _address(c) for c in await self.compose.containers(service)}
            for service in ADMIN_PORTS
        }
        postgres = _address((await self.compose.containers("postgres"))[0])
        password = await self.compose("exec", "-T", "postgres", "cat", "/run/secrets/foliot/owner_password")
        self.database = TestDatabase(f"postgresql://foliot:{password.strip()}@{postgres}:5432/foliot")

    def names(self, service: str) -> list[str]:
        return sorted(self._addresses[service])

    def admin_url(self, name: str) -> str:
        for service, addresses in self._addresses.items():
            if name in addresses:
                return f"http://{addresses[name]}:{ADMIN_PORTS[service]}"
        raise KeyError(name)

    def logs(self, service: str) -> list[list[dict[str, Any]]]:
        found = []
        for name in self.names(service):
            out = subprocess.run(["docker", "logs", name], capture_output=True, text=True, check=True).stdout
            found.append([json.loads(line) for line in out.splitlines() if line.startswith("{")])
        return found


def _address(container: dict[str, Any]) -> str:
    (network,) = container["NetworkSettings"]["Networks"].values()
    address: str = network["IPAddress"]
    return address


@contextlib.asynccontextmanager
async def connect(compose: Compose) -> AsyncIterator[ComposeFoliot]:
    """A client with a new admin key."""
    create = ("exec", "-T", "api", "python", "-m", "foliot.api", "create-key", "--role", "admin", "--name", "e2e")
    key = (await compose(*create)).strip()
    async with aiohttp.ClientSession(compose.api_url, headers={"Authorization": f"Bearer {key}"}) as http:
        foliot = ComposeFoliot(compose, TestDatabase(""), http)
        await foliot.look_again()
        yield foliot
