"""The API's unit of work: the repositories over one connection that the role foliot_api may use."""

from __future__ import annotations

from functools import cached_property

from foliot.api.queries.api_keys import ApiKeys
from foliot.api.queries.history import History
from foliot.api.queries.idempotency_keys import IdempotencyKeys
from foliot.api.queries.jobs import Jobs
from foliot.api.queries.keyed_jobs import KeyedJobs
from foliot.api.queries.operations import Operations
from foliot.api.queries.replication import Replication
from foliot.api.queries.sets import Sets
from foliot.api.queries.versions import Versions
from foliot.common.ledger import database
from foliot.common.ledger.audit_logs import AuditLogs
from foliot.common.ledger.dead_letters import DeadLetters
from foliot.common.ledger.definitions import Definitions
from foliot.common.ledger.ending import Endings
from foliot.common.ledger.months import Months
from foliot.common.ledger.pauses import Pauses
from foliot.common.ledger.plan import Plan
from foliot.common.ledger.postgres import Session
from foliot.common.ledger.runs import Runs
from foliot.common.ledger.server import Server
from foliot.common.ledger.terms import Terms
from foliot.common.ledger.workers import Workers


class Unit:
    def __init__(self, session: Session) -> None:
        self.session = session

    @cached_property
    def definitions(self) -> Definitions:
        return Definitions(self.session)

    @cached_property
    def pauses(self) -> Pauses:
        return Pauses(self.session)

    @cached_property
    def plan(self) -> Plan:
        return Plan(self.session)

    @cached_property
    def runs(self) -> Runs:
        return Runs(self.session)

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
    def jobs(self) -> Jobs:
        return Jobs(self.session)

    @cached_property
    def keyed_jobs(self) -> KeyedJobs:
        return KeyedJobs(self.session)

    @cached_property
    def versions(self) -> Versions:
        return Versions(self.session)

    @cached_property
    def sets(self) -> Sets:
        return Sets(self.session)

    @cached_property
    def operations(self) -> Operations:
        return Operations(self.session)

    @cached_property
    def history(self) -> History:
        return History(self.session)

    @cached_property
    def api_keys(self) -> ApiKeys:
        return ApiKeys(self.session)

    @cached_property
    def idempotency_keys(self) -> IdempotencyKeys:
        return IdempotencyKeys(self.session)

    @cached_property
    def replication(self) -> Replication:
        return Replication(self.session)


UnitsOfWork = database.UnitsOfWork[Unit]
