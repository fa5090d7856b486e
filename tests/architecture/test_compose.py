"""Compose files and the images' recipe, as far as they can be checked without an engine; the rest is `make compose-e2e`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from foliot.api.config import Config as ApiConfig
from foliot.common.process.setting import PREFIX
from foliot.scheduler.config import Config as SchedulerConfig
from foliot.worker.config import Config as WorkerConfig

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "infra" / "compose"
CONFIGS = {"api": ApiConfig, "scheduler": SchedulerConfig, "worker": WorkerConfig}
FIXED = {"api_host", "api_port", "admin_host", "admin_port", "scheduler_id", "worker_id", "zookeeper_root"}
"""Fields whose defaults are right in a container."""
VARIABLE = re.compile(r"\$\{([A-Z_]+)(?::-((?:[^{}]|\$\{[^{}]*\})*))?\}")
PROFILES = {
    "monitoring": {"prometheus", "alertmanager", "grafana"},
    "logging": {"fluentd", "elasticsearch", "kibana", "index", "saved-objects"},
}
CORE = {"secrets", "migrate", "postgres", "replica", "rabbitmq", "zookeeper", "api", "scheduler", "worker"}


def files() -> list[Path]:
    return [ROOT / name for name in yaml.safe_load((ROOT / "compose.yaml").read_text())["include"]]


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for file in files():
        found |= yaml.safe_load(file.read_text())["services"]
    return found


def variables() -> dict[str, str | None]:
    """Every variable that is asked for, with its default."""
    text = "\n".join(file.read_text() for file in [ROOT / "compose.yaml", *files()])
    return {name: default or None for name, default in VARIABLE.findall(text)}


def example() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(line.removeprefix("# ").split("=", 1) for line in lines if re.match(r"# [A-Z_]+=", line))


def test_services_have_the_names_of_the_contract_and_core_needs_no_profile() -> None:
    by_profile: dict[str, set[str]] = {}
    for name, service in services().items():
        for profile in service.get("profiles", [""]):
            by_profile.setdefault(profile, set()).add(name)
    assert by_profile == {"": CORE, **PROFILES}
    for name in CORE:
        assert set(services()[name].get("depends_on", {})) <= CORE


@pytest.mark.parametrize("name", services())
def test_a_service_is_bounded_and_confined(name: str) -> None:
    service = services()[name]
    assert "container_name" not in service, "it could not be scaled"
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["logging"]["options"].keys() >= {"max-size", "max-file"}
    assert service["restart"] in ("unless-stopped", "no")
    if name != "secrets":
        assert "mem_limit" in service
    if name not in ("elasticsearch", "kibana"):
        assert service["read_only"] is True
    for port in service.get("ports", []):
        assert port.startswith("127.0.0.1:${"), f"{port}: on loopback, and to be chosen"


@pytest.mark.parametrize("name", services())
def test_an_image_is_pinned_and_can_be_chosen(name: str) -> None:
    (variable, default), = VARIABLE.findall(services()[name]["image"])  # fmt: skip
    if name in ("migrate", *CONFIGS, "fluentd"):
        assert variable == "FOLIOT_VERSION"
        return
    assert variable.endswith("_IMAGE")
    assert_pinned(default)


def assert_pinned(image: str) -> None:
    assert re.fullmatch(r"[a-z/]+:v?\d+\.\d+(\.\d+)?[a-z0-9.-]*", image), f"{image}: name:exact version"


@pytest.mark.parametrize("recipe", ["Dockerfile", "fluentd.Dockerfile"])
def test_the_base_of_an_image_is_pinned(recipe: str) -> None:
    text = (ROOT / "infra" / "images" / recipe).read_text()
    (name, base), = re.findall(r"^ARG (\w+_IMAGE)=(.+)$", text, re.MULTILINE)  # fmt: skip
    assert_pinned(base)
    assert example()[name] == base
    stages = set(re.findall(r"^FROM \S+ AS (\S+)$", text, re.MULTILINE))
    assert set(re.findall(r"^FROM (\S+)", text, re.MULTILINE)) <= {"${" + name + "}", *stages}


def test_what_is_mounted_exists() -> None:
    for name, service in services().items():
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            if source.startswith("."):
                assert (COMPOSE / source).exists(), f"{name}: {mount}"
        for option in service["security_opt"]:
            if option.startswith("seccomp:"):
                profile = json.loads((ROOT / option.removeprefix("seccomp:")).read_text())
                assert profile["defaultAction"] == "SCMP_ACT_ERRNO"


def test_scripts_that_are_run_can_be_executed() -> None:
    for script in [COMPOSE / "secrets/make-secrets.sh", *(COMPOSE / "postgres").rglob("*.sh")]:
        assert script.stat().st_mode & 0o111 or script.name == "settings.sh", script


@pytest.mark.parametrize("service", CONFIGS)
def test_compose_passes_every_setting_of_a_service(service: str) -> None:
    given = {name.removesuffix("_FILE") for name in services()[service]["environment"]}
    fields = {field.name for field in msgspec.structs.fields(CONFIGS[service])} - FIXED
    names = {(PREFIX + name.upper()).removesuffix("_FILE") for name in fields}
    assert names <= given, "add it to infra/compose/services.yaml and .env.example"


def test_the_example_names_every_variable_with_its_default() -> None:
    asked = {name: default for name, default in variables().items() if not name.startswith("COMPOSE_")}
    for name in CONFIGS:
        for variable, value in services()[name]["environment"].items():
            if value is None:
                asked[variable] = default_of(name, variable)
    shown = {name: value for name, value in example().items() if name != "COMPOSE_PROFILES"}
    asked["FOLIOT_WORKER_HTTP_ALLOW_NETWORKS"] = asked["FOLIOT_SUBNET"]
    base_images = {"PYTHON_IMAGE", "FLUENTD_IMAGE"}
    assert {n: v for n, v in shown.items() if n not in base_images} == {
        name: value or "" for name, value in asked.items() if name not in base_images
    }


def default_of(service: str, variable: str) -> str:
    (field,) = [f for f in msgspec.structs.fields(CONFIGS[service]) if PREFIX + f.name.upper() == variable]
    return ",".join(field.default) if isinstance(field.default, tuple) else str(field.default)
