"""Settings of a scheduler."""

from __future__ import annotations

import socket
from typing import Annotated

import msgspec
from msgspec import Meta

from foliot.common.process.setting import Secret
from foliot.common.process.settings import (
    AmqpUrl,
    LeaseSeconds,
    ListenHost,
    Port,
    PostgresUrl,
    ProcessId,
    ServiceConfig,
)
from foliot.scheduler.retention import RetentionPeriods

_HOST = r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}"

HostsAndPorts = Annotated[
    str,
    Meta(pattern=rf"\A{_HOST}( *, *{_HOST})*\Z", extra={"form": "host:port, several separated by commas"}),
]
ZooKeeperPath = Annotated[str, Meta(pattern=r"\A(/[A-Za-z0-9._-]+)+\Z", extra={"form": "a path such as /foliot"})]
Months = Annotated[int, Meta(ge=1, le=1_200, extra={"unit": "months"})]
Days = Annotated[int, Meta(ge=1, le=3_650, extra={"unit": "days"})]
Hours = Annotated[int, Meta(ge=1, le=8_760, extra={"unit": "hours"})]


class Config(ServiceConfig, frozen=True, kw_only=True):
    """FOLIOT_* of a scheduler. docs/configuration.md is made of the fields."""

    database_url: Annotated[PostgresUrl, Meta(description="PostgreSQL's primary, as role foliot_scheduler.")]
    maintenance_database_url: Annotated[
        PostgresUrl | None,
        Meta(description="PostgreSQL's primary, as role foliot_maintenance; without it no month is dropped."),
    ] = None
    amqp_url: AmqpUrl
    zookeeper_hosts: Annotated[
        HostsAndPorts, Meta(description="The ensemble that elects the leader; each connection picks one host.")
    ]
    zookeeper_root: Annotated[ZooKeeperPath, Meta(description="Node below which the election takes place.")] = "/foliot"
    zookeeper_password: Annotated[
        Secret | None,
        Meta(
            pattern=r"\A[!-~]{8,200}\Z",
            description="Password of the election's nodes, the same for all schedulers; without it whoever reaches "
            "ZooKeeper can depose the leader.",
            extra={"form": "8 to 200 printable characters without spaces"},
        ),
    ] = None
    zookeeper_session_seconds: Annotated[
        float,
        Meta(
            ge=1.0,
            le=60.0,
            description="Silence after which ZooKeeper gives up a leader: the time of a failover. The server bounds it "
            "to 2 to 20 of its ticks.",
            extra={"unit": "seconds"},
        ),
    ] = 6.0
    scheduler_id: ProcessId = msgspec.field(default_factory=socket.gethostname)
    admin_host: ListenHost = "0.0.0.0"  # noqa: S104
    admin_port: Port = 9101
    plan_batch: Annotated[
        int, Meta(ge=1, le=20_000, description="Most due jobs that are planned at once.", extra={"unit": "jobs"})
    ] = 2_000
    lease_seconds: LeaseSeconds = 30.0
    retention_executions_months: Annotated[
        Months, Meta(description="How long executions are kept, in whole months before the present one.")
    ] = 12
    retention_audit_logs_months: Annotated[
        Months, Meta(description="How long audit logs are kept, in whole months before the present one.")
    ] = 24
    retention_job_versions_months: Annotated[
        Months,
        Meta(description="How long a replaced version of a job is kept, in whole months before the present one."),
    ] = 24
    retention_jobs_days: Annotated[Days, Meta(description="How long a one-time job is kept after it has ended.")] = 30
    retention_dead_letters_days: Annotated[
        Days, Meta(description="How long a dead letter is kept; an open one is then closed.")
    ] = 90
    retention_operations_days: Annotated[Days, Meta(description="How long a bulk change of many jobs is kept.")] = 30
    retention_idempotency_keys_hours: Annotated[
        Hours, Meta(description="How long the answer to an Idempotency-Key is kept.")
    ] = 24


def retention_periods(config: Config) -> RetentionPeriods:
    """The settings FOLIOT_RETENTION_*."""
    return RetentionPeriods(
        executions_months=config.retention_executions_months,
        audit_logs_months=config.retention_audit_logs_months,
        job_versions_months=config.retention_job_versions_months,
        jobs_days=config.retention_jobs_days,
        dead_letters_days=config.retention_dead_letters_days,
        idempotency_keys_hours=config.retention_idempotency_keys_hours,
        operations_days=config.retention_operations_days,
    )
