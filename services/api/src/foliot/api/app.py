"""The web application: routes, and the middleware around them."""

from __future__ import annotations

from aiohttp import web

from foliot.api import metrics
from foliot.api.bulk.operations import OperationRunner
from foliot.api.handlers.api_keys import ApiKeyHandlers
from foliot.api.handlers.audit_logs import AuditLogHandlers
from foliot.api.handlers.bulk import BulkHandlers
from foliot.api.handlers.dead_letters import DeadLetterHandlers
from foliot.api.handlers.executions import ExecutionHandlers
from foliot.api.handlers.jobs import JobHandlers
from foliot.api.handlers.keyed_jobs import KeyedJobHandlers
from foliot.api.handlers.operations import OperationHandlers
from foliot.api.handlers.schedules import ScheduleHandlers
from foliot.api.handlers.timeline import TimelineHandlers
from foliot.api.handlers.versions import VersionHandlers
from foliot.api.handlers.workers import WorkerHandlers
from foliot.api.operations.pages import page_routes
from foliot.api.operations.table import routes
from foliot.api.queries.unit import UnitsOfWork
from foliot.api.views.served import Served
from foliot.api.views.waits import Waits
from foliot.api.web.auth import Keys
from foliot.api.web.changes import Changes
from foliot.api.web.job_keys import JobKeys
from foliot.api.web.middleware import around
from foliot.api.web.reads import ReadReplica, Reads
from foliot.common.clock import Clock
from foliot.common.process.admin import Readiness, health_routes

MAX_BODY_BYTES = 1024 * 1024
"""Of a request, unless its operation takes more: 413 above it."""
KEYS = web.AppKey("keys", Keys)
"""The keys' memory, for the duty that writes down when they were used."""

WAITS = web.AppKey("waits", Waits)
"""Who waits, for tests and whoever looks from outside."""
OPERATIONS = web.AppKey("operations", OperationRunner)
"""The duty that goes on with bulk changes under way."""


def build_app(
    database: UnitsOfWork, clock: Clock, readiness: Readiness, replica: ReadReplica | None = None
) -> web.Application:
    keys = Keys(database, clock)
    app = web.Application(middlewares=[around(keys)], client_max_size=MAX_BODY_BYTES)
    app[KEYS] = keys
    app[OPERATIONS] = OperationRunner(database)
    app.add_routes(health_routes(readiness))
    reads, changes, served = Reads(database, replica), Changes(database, clock), Served(database, clock)
    waits = Waits(database, clock)
    app[WAITS] = waits
    app.on_shutdown.append(waits.close)
    handlers = (
        JobHandlers(database, reads, changes, served, waits),
        KeyedJobHandlers(changes, served),
        VersionHandlers(database, changes, served),
        ExecutionHandlers(database, reads, changes, served, waits),
        TimelineHandlers(database),
        ScheduleHandlers(database),
        DeadLetterHandlers(reads, changes),
        BulkHandlers(changes),
        OperationHandlers(database, changes),
        WorkerHandlers(database),
        AuditLogHandlers(reads),
        ApiKeyHandlers(database, changes),
    )
    app.add_routes(routes(handlers, JobKeys(database)))
    app.add_routes(page_routes())
    metrics.initialise((route.method, route.resource.canonical) for route in app.router.routes() if route.resource)
    return app
