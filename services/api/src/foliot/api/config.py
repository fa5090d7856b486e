"""Settings of the API."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from foliot.common.process.settings import ListenHost, Port, PostgresUrl, ServiceConfig


class Config(ServiceConfig, frozen=True, kw_only=True):
    database_url: Annotated[PostgresUrl, Meta(description="PostgreSQL's primary, as role foliot_api.")]
    database_replica_url: Annotated[
        PostgresUrl | None,
        Meta(description="A streaming replica, as role foliot_api, for lists and statistics that may be 2 s old."),
    ] = None
    api_host: ListenHost = "0.0.0.0"  # noqa: S104
    api_port: Port = 8080
    api_database_connections: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000,
            description="Connections to the primary, and as many to the replica; one is used by each request while a "
            "statement runs.",
            extra={"unit": "connections"},
        ),
    ] = 16
