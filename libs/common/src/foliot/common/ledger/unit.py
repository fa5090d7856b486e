"""One unit of work: the repositories over one connection."""

from __future__ import annotations

from functools import cached_property

from foliot.api.queries.api_keys import ApiKeys
from foliot.api.queries.idempotency_keys import IdempotencyKeys
from foliot.api.queries.job_lists import JobLists
from foliot.api.queries.replication import Replication
from foliot.common.ledger.audit_logs import AuditLogs
from foliot.common.ledger.dead_letters import DeadLetters
from foliot.common.ledger.definitions import Definitions
from foliot.common.ledger.executions import Executions
from foliot.common.ledger.jobs import Jobs
from foliot.common.ledger.leader import Leader
from foliot.common.ledger.months import Months
from foliot.common.ledger.postgres import Session
from foliot.common.ledger.retention import Retention
from foliot.common.ledger.workers import Workers


class Unit:
    """What a transaction gives to the code that decides; a simulation gives its own."""

    def __init__(self, session: Session) -> None:
        self.session = session

    @cached_property
    def jobs(self) -> Jobs:
        return Jobs(self.session)

    @cached_property
    def definitions(self) -> Definitions:
        return Definitions(self.session)

    @cached_property
    def job_lists(self) -> JobLists:
        return JobLists(self.session)

    @cached_property
    def executions(self) -> Executions:
        return Executions(self.session)

    @cached_property
    def dead_letters(self) -> DeadLetters:
        return DeadLetters(self.session)

    @cached_property
    def audit_logs(self) -> AuditLogs:
        return AuditLogs(self.session)

    @cached_property
    def leader(self) -> Leader:
        return Leader(self.session)

    @cached_property
    def months(self) -> Months:
        return Months(self.session)

    @cached_property
    def replication(self) -> Replication:
        return Replication(self.session)

    @cached_property
    def retention(self) -> Retention:
        return Retention(self.session)

    @cached_property
    def workers(self) -> Workers:
        return Workers(self.session)

    @cached_property
    def api_keys(self) -> ApiKeys:
        return ApiKeys(self.session)

    @cached_property
    def idempotency_keys(self) -> IdempotencyKeys:
        return IdempotencyKeys(self.session)
