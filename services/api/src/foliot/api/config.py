"""What the API is told by its environment."""

from __future__ import annotations

import msgspec

from foliot.common.process.config import Secret


class Config(msgspec.Struct, frozen=True, kw_only=True):
    database_url: Secret
    database_replica_url: Secret | None = None
    api_host: str = "0.0.0.0"  # noqa: S104
    api_port: int = 8080
    api_database_connections: int = 16
    log_level: str = "INFO"
