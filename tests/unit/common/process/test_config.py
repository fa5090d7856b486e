"""Each setting takes what its bounds say and nothing else; an environment's errors are all told at once."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest

from foliot.api.config import Config as ApiConfig
from foliot.common.errors import ConfigError
from foliot.common.process.config import load
from foliot.common.process.setting import Setting, settings
from foliot.common.process.settings import ServiceConfig
from foliot.scheduler.config import Config as SchedulerConfig
from foliot.worker.config import Config as WorkerConfig

CONFIGS: dict[str, type[ServiceConfig]] = {"api": ApiConfig, "scheduler": SchedulerConfig, "worker": WorkerConfig}
NEEDED = {
    "FOLIOT_DATABASE_URL": "postgresql://u:p@h/d",
    "FOLIOT_AMQP_URL": "amqp://u:p@h/",
    "FOLIOT_ZOOKEEPER_HOSTS": "zk:2181",
}
URLS = (["postgresql://u:p@h:5432/d", "postgres:///d?host=/run"], ["", "mysql://h/d", "h:5432", "postgresql://a b"])
HOSTS = (["127.0.0.1", "::1", "api.example"], ["", "a b", "http://h"])
PORTS = (["1", "65535"], ["0", "65536", "80.5", "http"])
IDS = (["worker-1", "a", "x" * 100], ["", "-a", "a b", "a&b", "x" * 101])
MONTHS = (["1", "1200"], ["0", "1201", "1.5"])
DAYS = (["1", "3650"], ["0", "3651", "-1"])
BOUNDS: dict[str, tuple[list[str], list[str]]] = {
    "FOLIOT_LOG_LEVEL": (["DEBUG", "INFO", "WARNING", "ERROR"], ["", "info", "LOUD"]),
    "FOLIOT_DATABASE_URL": URLS,
    "FOLIOT_DATABASE_REPLICA_URL": URLS,
    "FOLIOT_MAINTENANCE_DATABASE_URL": URLS,
    "FOLIOT_AMQP_URL": (["amqp://u:p@h:5672/", "amqps://h"], ["", "http://h", "rabbitmq:5672"]),
    "FOLIOT_ZOOKEEPER_HOSTS": (["zk:2181", "a:1,b:2", "a:1, [::1]:2"], ["", "zk", "a:1,,b:2", "zk://a:1"]),
    "FOLIOT_ZOOKEEPER_ROOT": (["/foliot", "/a/b.c"], ["", "/", "foliot", "/a/", "/a b"]),
    "FOLIOT_ZOOKEEPER_PASSWORD": (
        ["8letters", "a:b/c#d'\"~!", "x" * 200],
        ["", "7letter", "with space", "ümlaute-x", "x" * 201],
    ),
    "FOLIOT_ZOOKEEPER_SESSION_SECONDS": (["1", "60"], ["0.9", "61", "nan", "inf"]),
    "FOLIOT_API_HOST": HOSTS,
    "FOLIOT_API_PORT": PORTS,
    "FOLIOT_ADMIN_HOST": HOSTS,
    "FOLIOT_ADMIN_PORT": PORTS,
    "FOLIOT_API_DATABASE_CONNECTIONS": (["1", "1000"], ["0", "1001"]),
    "FOLIOT_SCHEDULER_ID": IDS,
    "FOLIOT_WORKER_ID": IDS,
    "FOLIOT_PLAN_BATCH": (["1", "20000"], ["0", "-1", "20001", "many"]),
    "FOLIOT_LEASE_SECONDS": (["12", "600"], ["2.9", "-30", "601", "nan"]),
    "FOLIOT_HEARTBEAT_SECONDS": (["0.1", "10"], ["0", "0.05", "10.1", "201"]),
    "FOLIOT_HOLD_SECONDS": (["0.1", "10"], ["0", "10.1"]),
    "FOLIOT_RETENTION_EXECUTIONS_MONTHS": MONTHS,
    "FOLIOT_RETENTION_AUDIT_LOGS_MONTHS": MONTHS,
    "FOLIOT_RETENTION_JOB_VERSIONS_MONTHS": MONTHS,
    "FOLIOT_RETENTION_JOBS_DAYS": DAYS,
    "FOLIOT_RETENTION_DEAD_LETTERS_DAYS": DAYS,
    "FOLIOT_RETENTION_OPERATIONS_DAYS": DAYS,
    "FOLIOT_RETENTION_IDEMPOTENCY_KEYS_HOURS": (["1", "8760"], ["0", "8761"]),
    "FOLIOT_WORKER_SLOTS": (["1", "10000"], ["0", "10001"]),
    "FOLIOT_WORKER_POOLS": (["default", "a,b_1 , c-2", "x" * 64], ["", ",", "Big", "urgent", "-a", "a b", "x" * 65]),
    "FOLIOT_WORKER_HTTP_ALLOW_NETWORKS": (
        ["", "10.0.0.0/8,::1/128", "10.1.2.3"],
        ["10.0.0.1/8", "host", "10.0.0.0/33"],
    ),
    "FOLIOT_WORKER_DATASOURCES_FILE": (["/etc/foliot/sources.json"], [""]),
    "FOLIOT_WORKER_SCRIPT_MODE": (["auto", "namespace", "group"], ["", "none"]),
    "FOLIOT_WORKER_SCRIPT_TMP_BYTES": (["1048576", "1099511627776"], ["0", "1048575", "1099511627777"]),
    "FOLIOT_WORKER_STOP_GRACE_SECONDS": (["0", "3600"], ["-1", "3601"]),
}


def environment(service: str, **more: str) -> dict[str, str]:
    known = {setting.variable for setting in settings(CONFIGS[service])}
    return {name: value for name, value in NEEDED.items() if name in known} | more


every_setting = pytest.mark.parametrize(
    ("service", "setting"),
    [
        pytest.param(service, setting, id=f"{service}-{setting.variable}")
        for service, config in CONFIGS.items()
        for setting in settings(config)
    ],
)


@every_setting
def test_a_setting_takes_what_is_within_its_bounds_and_refuses_the_rest(service: str, setting: Setting) -> None:
    accepted, refused = BOUNDS[setting.variable]
    for text in accepted:
        load(CONFIGS[service], environment(service, **{setting.variable: text}))
    for text in refused:
        with pytest.raises(ConfigError) as raised:
            load(CONFIGS[service], environment(service, **{setting.variable: text}))
        assert str(raised.value).startswith(f"{setting.variable} "), text
        assert setting.remedy in str(raised.value)
        assert setting.bounds in setting.remedy
        assert setting.unit in setting.remedy


@every_setting
def test_a_setting_says_what_it_means_and_its_default_is_within_its_bounds(service: str, setting: Setting) -> None:
    assert setting.meaning.endswith(".")
    assert setting.kind in setting.remedy or setting.base not in (int, float)
    assert setting.unit or setting.base not in (int, float)
    default = setting.default
    if isinstance(default, str | int | float):
        assert setting.parse(str(default)) == default
    elif isinstance(default, tuple):
        assert setting.parse(",".join(default)) == default


def test_the_table_names_settings_that_exist() -> None:
    assert BOUNDS.keys() == {setting.variable for config in CONFIGS.values() for setting in settings(config)}


def test_a_setting_of_two_services_is_the_same_in_both() -> None:
    seen: dict[str, Setting] = {}
    for config in CONFIGS.values():
        for setting in settings(config):
            if setting.field not in ("database_url", "admin_port"):
                assert seen.setdefault(setting.field, setting) == setting


def test_all_errors_are_told_at_once() -> None:
    wrong = {
        "FOLIOT_WORKER_SLOTS": "0",
        "FOLIOT_HEARTBEAT_SECONDS": "20",
        "FOLIOT_WORKER_SLOT": "3",
        "FOLIOT_DATABASE_URL": "mysql://u:hidden@h/d",
    }
    with pytest.raises(ConfigError) as raised:
        load(WorkerConfig, wrong)
    assert str(raised.value).split("; ") == [
        "FOLIOT_DATABASE_URL has a wrong form: set postgresql://user:password@host:port/database",
        "FOLIOT_AMQP_URL is not set: set amqp://user:password@host:port/vhost, or amqps:// for TLS",
        "FOLIOT_WORKER_SLOTS is '0': set a whole number, 1 to 10000 (attempts)",
        "FOLIOT_HEARTBEAT_SECONDS is 20: set a number, 0.1 to 200, at most 1/3 of FOLIOT_LEASE_SECONDS (seconds), "
        "or raise FOLIOT_LEASE_SECONDS from 30",
        "FOLIOT_WORKER_SLOT is not a variable of this service: remove it or write FOLIOT_WORKER_SLOTS",
    ]


def test_a_bound_that_a_wrong_setting_gives_is_not_judged() -> None:
    with pytest.raises(ConfigError) as raised:
        load(WorkerConfig, environment("worker", FOLIOT_LEASE_SECONDS="0", FOLIOT_HEARTBEAT_SECONDS="20"))
    assert "FOLIOT_HEARTBEAT_SECONDS is" not in str(raised.value)


def test_a_value_may_stand_in_a_file_and_is_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("postgresql://u:hidden@h/d\n")
    config = load(ApiConfig, {"FOLIOT_DATABASE_URL_FILE": str(file)})
    assert config.database_url == "postgresql://u:hidden@h/d"
    assert "hidden" not in repr(config)
    with pytest.raises(ConfigError, match="FOLIOT_DATABASE_URL_FILE: cannot read .*No such file"):
        load(ApiConfig, {"FOLIOT_DATABASE_URL_FILE": str(tmp_path / "none")})


def test_values_have_the_types_of_their_fields() -> None:
    config = load(WorkerConfig, environment("worker", FOLIOT_WORKER_HTTP_ALLOW_NETWORKS="10.0.0.0/8"))
    assert config.worker_http_allow_networks == (ipaddress.ip_network("10.0.0.0/8"),)
    assert (type(config.worker_slots), type(config.lease_seconds)) == (int, float)
