"""Types of the settings that several services share, each with its bounds, unit and meaning."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from foliot.common.process.setting import Secret

PostgresUrl = Annotated[
    Secret,
    Meta(pattern=r"\Apostgres(ql)?://\S+\Z", extra={"form": "postgresql://user:password@host:port/database"}),
]
AmqpUrl = Annotated[
    Secret,
    Meta(
        pattern=r"\Aamqps?://\S+\Z",
        description="RabbitMQ.",
        extra={"form": "amqp://user:password@host:port/vhost, or amqps:// for TLS"},
    ),
]
ListenHost = Annotated[
    str,
    Meta(
        pattern=r"\A[A-Za-z0-9.:_-]{1,253}\Z",
        description="Address that HTTP is served on.",
        extra={"form": "an IP address or a host name"},
    ),
]
Port = Annotated[int, Meta(ge=1, le=65_535, description="Port that HTTP is served on.", extra={"unit": "TCP port"})]
ProcessId = Annotated[
    str,
    Meta(
        pattern=r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z",
        description="Name of this process, unique in the cluster: one process a name.",
        extra={
            "form": "1 to 100 of letters, digits, ., _ and -, a letter or digit first",
            "default": "the host's name",
        },
    ),
]
LeaseSeconds = Annotated[
    float,
    Meta(
        ge=3.0,
        le=600.0,
        description="How long an attempt belongs to a worker that is silent; then it is rescued. "
        "The same for schedulers and workers.",
        extra={"unit": "seconds"},
    ),
]
LogLevel = Annotated[
    Literal["DEBUG", "INFO", "WARNING", "ERROR"], Meta(description="Lowest level of the log lines that are written.")
]


class ServiceConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of every service."""

    log_level: LogLevel = "INFO"
