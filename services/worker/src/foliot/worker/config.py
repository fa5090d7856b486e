"""What a worker is told by its environment."""

from __future__ import annotations

import socket

import msgspec

from foliot.common.process.config import Secret


class Config(msgspec.Struct, frozen=True, kw_only=True):
    database_url: Secret
    amqp_url: Secret
    worker_id: str = msgspec.field(default_factory=socket.gethostname)
    worker_slots: int = 100
    worker_pools: tuple[str, ...] = ("default",)
    worker_http_allow_networks: tuple[str, ...] = ()
    worker_datasources_file: str | None = None
    worker_script_mode: str = "auto"
    worker_stop_grace_seconds: float = 20.0
    admin_host: str = "0.0.0.0"  # noqa: S104
    admin_port: int = 9102
    log_level: str = "INFO"
    lease_seconds: float = 30.0
    heartbeat_seconds: float = 4.0
    hold_seconds: float = 5.0

    def __post_init__(self) -> None:
        if self.worker_slots < 1:
            raise ValueError("FOLIOT_WORKER_SLOTS: at least 1")
        if self.heartbeat_seconds * 3 > self.lease_seconds:
            raise ValueError("FOLIOT_HEARTBEAT_SECONDS: at most a third of FOLIOT_LEASE_SECONDS")
