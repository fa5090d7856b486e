"""What a scheduler is told by its environment."""

from __future__ import annotations

import socket

import msgspec

from foliot.common.config import Secret


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
    plan_batch: int = 500
    lease_seconds: float = 30.0
