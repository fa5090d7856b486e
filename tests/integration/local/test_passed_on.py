"""Settings of the services that `make up` takes, remembers, passes on and refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from cluster.definition import Definition, service_of
from cluster.errors import ClusterError
from cluster.layout import Layout
from cluster.passed_on import CONFIGS, changed_by
from cluster.plan import Plan
from cluster.settings import SERVER_PORTS, Settings, settle_passwords, settle_ports


def services(folder: Path, **environment: str) -> dict[str, Definition]:
    """What `make up` would start with these variables, by name; refuses what it would refuse."""
    layout = Layout(folder / "local")
    layout.create()
    settings = Settings.read(layout.settings).changed_by(environment)
    settle_ports(layout.ports, (*SERVER_PORTS, *settings.scheduler_names, *settings.worker_names), ours=())
    settle_passwords(layout.passwords)
    plan = Plan(layout, settings)
    plan.check()
    settings.write(layout.settings)
    return {one.name: one for one in plan.service_definitions()}


def test_a_setting_reaches_the_services_that_read_it_and_no_other(tmp_path: Path) -> None:
    plain = services(tmp_path)
    longer = services(tmp_path, FOLIOT_LEASE_SECONDS="60")
    assert {name for name, one in longer.items() if one.environment.get("FOLIOT_LEASE_SECONDS") == "60"} == {
        *("scheduler-1", "scheduler-2", "worker-1", "worker-2")
    }
    assert longer["api-1"] == plain["api-1"], "it goes on"
    assert longer["worker-1"] != plain["worker-1"], "it is replaced"


def test_a_setting_is_remembered_until_an_empty_value_forgets_it(tmp_path: Path) -> None:
    services(tmp_path, FOLIOT_WORKER_SLOTS="200")
    assert services(tmp_path, WORKERS="1")["worker-1"].environment["FOLIOT_WORKER_SLOTS"] == "200"
    assert "FOLIOT_WORKER_SLOTS" not in services(tmp_path, FOLIOT_WORKER_SLOTS="")["worker-1"].environment
    assert "FOLIOT_WORKER_SLOTS" not in services(tmp_path)["worker-1"].environment


def test_remedies_of_the_runbook_reach_the_workers(tmp_path: Path) -> None:
    started = services(tmp_path, FOLIOT_WORKER_POOLS="default,gpu", FOLIOT_WORKER_SLOTS="200", WORKERS="3")
    workers = [one for one in started.values() if service_of(one.name) == "worker"]
    assert len(workers) == 3
    for worker in workers:
        assert worker.environment["FOLIOT_WORKER_POOLS"] == "default,gpu"
        assert worker.environment["FOLIOT_WORKER_SLOTS"] == "200"


def test_jobs_may_reach_loopback_whatever_else_they_may(tmp_path: Path) -> None:
    worker = services(tmp_path, FOLIOT_WORKER_HTTP_ALLOW_NETWORKS="10.0.0.0/8")["worker-1"]
    assert worker.environment["FOLIOT_WORKER_HTTP_ALLOW_NETWORKS"] == "127.0.0.0/8,::1/128,10.0.0.0/8"


def test_a_worker_is_not_killed_within_the_grace_of_its_attempts(tmp_path: Path) -> None:
    assert services(tmp_path)["worker-1"].grace == 36
    assert services(tmp_path, FOLIOT_WORKER_STOP_GRACE_SECONDS="600")["worker-1"].grace == 616


def test_what_the_cluster_sets_itself_is_what_it_refuses_to_take(tmp_path: Path) -> None:
    for name, one in services(tmp_path).items():
        for variable in one.environment.keys() - {"PATH", "HOME", "LANG", "FOLIOT_WORKER_HTTP_ALLOW_NETWORKS"}:
            with pytest.raises(
                ClusterError, match=rf"^{variable}: the local cluster makes its own .*unset {variable}$"
            ):
                changed_by({}, {variable: "x"})
        assert service_of(name) in CONFIGS


@pytest.mark.parametrize(
    "variable",
    ["FOLIOT_WORKER_SLOTS_FILE", "FOLIOT_ANYTHING_FILE", "FOLIOT_API_PASSWORD", "FOLIOT_MIGRATIONS_DIR",
     "FOLIOT_ZOOKEEPER_ROOT"],
)  # fmt: skip
def test_files_credentials_and_folders_are_not_taken(variable: str) -> None:
    with pytest.raises(ClusterError, match=rf"^{variable}: the local cluster makes its own"):
        changed_by({}, {variable: "x"})
    assert changed_by({}, {variable: ""}) == {}


def test_the_port_of_the_api_has_a_name_of_its_own() -> None:
    with pytest.raises(ClusterError, match=r"API_PORT=\.\.\. make up moves the API"):
        changed_by({}, {"FOLIOT_API_PORT": "8081"})


@pytest.mark.parametrize("text", ["200", ""])
def test_an_unknown_setting_is_refused_with_the_near_name(text: str) -> None:
    with pytest.raises(ClusterError, match=r"^FOLIOT_WORKER_SLOT is no setting .* write FOLIOT_WORKER_SLOTS, or unset"):
        changed_by({}, {"FOLIOT_WORKER_SLOT": text})


def test_what_a_release_no_longer_knows_can_be_forgotten() -> None:
    with pytest.raises(ClusterError, match=r"forget it with FOLIOT_GONE= make up"):
        changed_by({"FOLIOT_GONE": "1"}, {})
    assert changed_by({"FOLIOT_GONE": "1"}, {"FOLIOT_GONE": ""}) == {}


def test_what_belongs_to_the_command_line_is_ignored() -> None:
    theirs = {"FOLIOT_URL": "http://example.org", "FOLIOT_API_KEY": "k", "FOLIOT_CONTEXT": "c", "FOLIOT_LOCAL_DIR": "d"}
    assert changed_by({}, {**theirs, "PATH": "/bin"}) == {}


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        (
            {"FOLIOT_WORKER_SLOTS": "many"},
            r"FOLIOT_WORKER_SLOTS is 'many': set a whole number, 1 to 10000 \(attempts\)",
        ),
        ({"FOLIOT_LEASE_SECONDS": "9"}, r"FOLIOT_HEARTBEAT_SECONDS is 4: .* raise FOLIOT_LEASE_SECONDS from 9"),
        ({"FOLIOT_WORKER_STOP_GRACE_SECONDS": "soon"}, r"FOLIOT_WORKER_STOP_GRACE_SECONDS is 'soon'"),
    ],
)
def test_a_wrong_value_is_refused_before_anything_is_remembered(
    tmp_path: Path, environment: dict[str, str], said: str
) -> None:
    with pytest.raises(ClusterError, match=said):
        services(tmp_path, **environment)
    assert not Layout(tmp_path / "local").settings.exists()
