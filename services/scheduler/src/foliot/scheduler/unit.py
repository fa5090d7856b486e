"""The scheduler's unit of work: the repositories over one connection that the role foliot_scheduler may use."""

from __future__ import annotations

from functools import cached_property

from foliot.common.ledger import database
from foliot.common.ledger.audit_logs import AuditLogs
from foliot.common.ledger.dead_letters import DeadLetters
from foliot.common.ledger.definitions import Definitions
from foliot.common.ledger.dispatch import Dispatch
from foliot.common.ledger.ending import Endings
from foliot.common.ledger.months import Months
from foliot.common.ledger.pauses import Pauses
from foliot.common.ledger.plan import Plan
from foliot.common.ledger.postgres import Session
from foliot.common.ledger.retention import Retention
from foliot.common.ledger.runs import Runs
from foliot.common.ledger.server import Server
from foliot.common.ledger.terms import Terms
from foliot.common.ledger.tzdata import Tzdata
from foliot.common.ledger.workers import Workers


class Unit:
    """The repositories over one connection. Each is made when it is first asked for."""

    def __init__(self, session: Session) -> None:
        self.session = session

    @cached_property
    def pauses(self) -> Pauses:
        return Pauses(self.session)

    @cached_property
    def plan(self) -> Plan:
        return Plan(self.session)

    @cached_property
    def definitions(self) -> Definitions:
        return Definitions(self.session)

    @cached_property
    def runs(self) -> Runs:
        return Runs(self.session)

    @cached_property
    def dispatch(self) -> Dispatch:
        return Dispatch(self.session)

    @cached_property
    def endings(self) -> Endings:
        return Endings(self.session)

    @cached_property
    def dead_letters(self) -> DeadLetters:
        return DeadLetters(self.session)

    @cached_property
    def audit_logs(self) -> AuditLogs:
        return AuditLogs(self.session)

    @cached_property
    def terms(self) -> Terms:
        return Terms(self.session)

    @cached_property
    def workers(self) -> Workers:
        return Workers(self.session)

    @cached_property
    def months(self) -> Months:
        return Months(self.session)

    @cached_property
    def server(self) -> Server:
        return Server(self.session)

    @cached_property
    def tzdata(self) -> Tzdata:
        return Tzdata(self.session)

    @cached_property
    def retention(self) -> Retention:
        return Retention(self.session)


UnitsOfWork = database.UnitsOfWork[Unit]
"""A source of units: `session()` for single statements, `transaction()` for more."""
