"""What a scheduler is told by its environment."""

from __future__ import annotations

import socket

import msgspec

from foliot.common.process.config import Secret
from foliot.scheduler.retention import Kept


class Config(msgspec.Struct, frozen=True, kw_only=True):
    database_url: Secret
    maintenance_database_url: Secret | None = None
    amqp_url: Secret
    zookeeper_hosts: str
    zookeeper_root: str = "/foliot"
    zookeeper_session_seconds: float = 6.0
    scheduler_id: str = msgspec.field(default_factory=socket.gethostname)
    admin_host: str = "0.0.0.0"  # noqa: S104
    admin_port: int = 9101
    log_level: str = "INFO"
    plan_batch: int = 2_000
    lease_seconds: float = 30.0
    retention_executions_months: int = 12
    retention_audit_logs_months: int = 24
    retention_jobs_days: int = 30
    retention_dead_letters_days: int = 90
    retention_idempotency_keys_hours: int = 24


def kept(config: Config) -> Kept:
    """How long things are kept: FOLIOT_RETENTION_*."""
    return Kept(**{name: getattr(config, f"retention_{name}") for name in Kept.__struct_fields__})
