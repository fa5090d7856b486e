"""Settings of a worker."""

from __future__ import annotations

import socket
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from foliot.common.broker.topology import POOL_FORM, POOL_PATTERN
from foliot.common.process.setting import AtMost, Network
from foliot.common.process.settings import (
    AmqpUrl,
    LeaseSeconds,
    ListenHost,
    Port,
    PostgresUrl,
    ProcessId,
    ServiceConfig,
)
from foliot.worker.executors.sandbox import DEFAULT_TMP_BYTES

Pool = Annotated[str, Meta(pattern=rf"\A{POOL_PATTERN}\Z", extra={"form": POOL_FORM})]


class Config(ServiceConfig, frozen=True, kw_only=True):
    """One field for each FOLIOT_ variable that a worker reads."""

    database_url: Annotated[PostgresUrl, Meta(description="PostgreSQL's primary, as role foliot_worker.")]
    amqp_url: AmqpUrl
    worker_id: ProcessId = msgspec.field(default_factory=socket.gethostname)
    worker_slots: Annotated[
        int, Meta(ge=1, le=10_000, description="Attempts that run at once.", extra={"unit": "attempts"})
    ] = 100
    worker_pools: Annotated[tuple[Pool, ...], Meta(min_length=1, description="Pools whose jobs this worker runs.")] = (
        "default",
    )
    worker_http_allow_networks: Annotated[
        tuple[Network, ...],
        Meta(
            description="Networks that http_request jobs may reach although they are private.",
            extra={"form": "a network such as 10.0.0.0/8 or ::1/128, without host bits"},
        ),
    ] = ()
    worker_datasources_file: Annotated[
        str | None,
        Meta(
            pattern=r"\A.+\Z",
            description="JSON file with the data sources of sql_query jobs; without it there are none.",
            extra={"form": "the path of a file"},
        ),
    ] = None
    worker_script_mode: Annotated[
        Literal["auto", "namespace", "group"],
        Meta(description="How scripts are confined: `auto` takes `namespace` where that works, else `group`."),
    ] = "auto"
    worker_script_tmp_bytes: Annotated[
        int,
        Meta(
            ge=1024**2,
            le=1024**4,
            description="What one script may keep in /tmp, /var/tmp, /dev/shm and /run/lock together; it is in memory. "
            "Counts in mode `namespace`.",
            extra={"unit": "bytes"},
        ),
    ] = DEFAULT_TMP_BYTES
    worker_stop_grace_seconds: Annotated[
        float,
        Meta(
            ge=0.0,
            le=3_600.0,
            description="How long running attempts may go on after the worker is told to stop; then they get TERM, "
            "10 s later KILL.",
            extra={"unit": "seconds"},
        ),
    ] = 20.0
    admin_host: ListenHost = "0.0.0.0"  # noqa: S104
    admin_port: Port = 9102
    lease_seconds: LeaseSeconds = 30.0
    heartbeat_seconds: Annotated[
        float,
        Meta(ge=0.1, le=200.0, description="How often the leases are renewed.", extra={"unit": "seconds"}),
        AtMost("lease_seconds", parts=3),
    ] = 4.0
    hold_seconds: Annotated[
        float,
        Meta(
            ge=0.1,
            le=10.0,
            description="How long a delivery waits for a free slot before it is handed back.",
            extra={"unit": "seconds"},
        ),
    ] = 5.0
