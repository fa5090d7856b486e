"""The web application: routes and what is around them."""

from __future__ import annotations

from aiohttp import web

from foliot.api import metrics
from foliot.api.handlers.cluster import ClusterHandlers
from foliot.api.handlers.executions import ExecutionHandlers
from foliot.api.handlers.jobs import JobHandlers
from foliot.api.handlers.schedules import ScheduleHandlers
from foliot.api.queries.unit import UnitsOfWork
from foliot.api.web.auth import Keys
from foliot.api.web.middleware import around
from foliot.api.web.reads import Reads, Replica
from foliot.common.clock import Clock
from foliot.common.process.admin import Readiness, health_routes

MAX_BODY = 1024 * 1024


def build_app(
    database: UnitsOfWork, clock: Clock, readiness: Readiness, replica: Replica | None = None
) -> web.Application:
    app = web.Application(middlewares=[around(Keys(database, clock))], client_max_size=MAX_BODY)
    app.add_routes(health_routes(readiness))
    reads = Reads(database, replica)
    for handlers in (
        JobHandlers(database, reads),
        ExecutionHandlers(database, reads),
        ScheduleHandlers(database),
        ClusterHandlers(database, reads),
    ):
        app.add_routes(handlers.routes())
    metrics.initialise((route.method, route.resource.canonical) for route in app.router.routes() if route.resource)
    return app
