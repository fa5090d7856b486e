"""The images, and what their containers may do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.compose import ComposeFoliot, docker
from support.eventually import eventually

OURS = {"api": 10001, "scheduler": 10002, "worker": 10003}
LARGEST = 60_000_000
"""Bytes of an image, its base aside."""
REACHES_NOTHING = (
    "-e", "FOLIOT_DATABASE_URL=postgresql://nobody@127.0.0.1:1/none", "-e", "FOLIOT_AMQP_URL=amqp://127.0.0.1:1/",
)  # fmt: skip


async def inspect(image: str) -> dict[str, Any]:
    (found,) = json.loads(await docker("image", "inspect", image))
    return dict(found)


@pytest.mark.parametrize("service", OURS)
async def test_an_image_is_small_and_says_what_it_is(foliot: ComposeFoliot, service: str) -> None:
    (container, *_) = await foliot.compose.containers(service)
    image = await inspect(container["Image"])
    base = await inspect(foliot.compose.settings.get("PYTHON_IMAGE") or await default_base(foliot))
    assert image["RootFS"]["Layers"][: len(base["RootFS"]["Layers"])] == base["RootFS"]["Layers"]
    assert 0 < image["Size"] - base["Size"] <= LARGEST
    assert image["Config"]["Labels"]["org.opencontainers.image.title"] == f"foliot/{service}"
    assert image["Config"]["Labels"]["org.opencontainers.image.revision"].startswith("e2e")
    assert image["Config"]["User"] == f"{OURS[service]}:{OURS[service]}"


async def default_base(foliot: ComposeFoliot) -> str:
    model = json.loads(await foliot.compose("config", "--format", "json"))
    return str(model["services"]["api"]["build"]["args"]["PYTHON_IMAGE"])


async def test_no_container_can_write_its_root_or_has_a_capability(foliot: ComposeFoliot) -> None:
    containers = await foliot.compose.containers()
    assert len(containers) >= 10
    for container in containers:
        host = container["HostConfig"]
        assert host["ReadonlyRootfs"], container["Name"]
        assert (host["CapDrop"], host["CapAdd"]) == (["ALL"], None), container["Name"]
        assert "no-new-privileges:true" in host["SecurityOpt"], container["Name"]


@pytest.mark.parametrize("service", [*OURS, "postgres", "replica", "rabbitmq", "zookeeper"])
async def test_what_runs_is_not_root(foliot: ComposeFoliot, service: str) -> None:
    status = await foliot.compose("exec", "-T", service, "cat", "/proc/1/status")
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert fields["CapEff"] == fields["CapPrm"] == fields["CapBnd"] == "0" * 16
    assert fields["NoNewPrivs"] == "1"
    assert "0" not in fields["Uid"].split()
    if service in OURS:
        assert set(fields["Uid"].split()) == {str(OURS[service])}


async def test_a_script_sees_no_secret_of_its_worker(foliot: ComposeFoliot) -> None:
    script = """
        test -r /proc/1/cmdline || exit 10
        ls -A /run/secrets
        for pid in /proc/[0-9]*; do
            cat $pid/environ | tr '\\0' '\\n' | grep FOLIOT_DATABASE
            cat "$pid/root"/run/secrets/foliot/*
        done 2>/dev/null
        touch /run/secrets/own 2>/dev/null && echo writable
        exit 0
    """
    job = await foliot.create(payload={"script": script})
    (execution,) = await foliot.ended(job["job_id"])
    assert execution["status"] == "COMPLETED", execution
    assert (await foliot.call("GET", f"/v1/executions/{execution['execution_id']}"))["logs"] is None
    in_use = await foliot.compose("exec", "-T", "worker", "cat", "/run/secrets/foliot/database_url")
    assert in_use.startswith("postgresql://foliot_worker:")


@pytest.mark.parametrize(("mode", "event"), [("namespace", "scripts_refused"), ("group", "scripts_confined")])
async def test_without_our_profile_plain_scripts_are_somebodys_choice(
    foliot: ComposeFoliot, mode: str, event: str
) -> None:
    """The engine's own seccomp profile forbids namespaces."""
    (container, *_) = await foliot.compose.containers("worker")
    started = await docker(
        "run", "-d", "--cap-drop=ALL", *REACHES_NOTHING, "-e", f"FOLIOT_WORKER_SCRIPT_MODE={mode}", container["Image"]
    )
    try:

        async def said() -> dict[str, Any]:
            lines = [json.loads(line) for line in (await docker("logs", started.strip())).splitlines()]
            found = [line for line in lines if line["message"].startswith("scripts")]
            assert len(found) == 1, lines
            return dict(found[0])

        line = await eventually(said, within=20)
    finally:
        await docker("rm", "-f", started.strip())
    assert line["event"] == event
    if mode == "namespace":
        assert (line["level"], "FOLIOT_WORKER_SCRIPT_MODE=group" in line["remedy"]) == ("ERROR", True)
    else:
        assert (line["level"], line["mode"], "secrets" in line["weakness"]) == ("WARNING", "group", True)
