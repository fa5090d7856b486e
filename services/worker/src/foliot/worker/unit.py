"""The worker's unit of work: the repositories over one connection that the role foliot_worker may use."""

from __future__ import annotations

from functools import cached_property

from foliot.common.ledger import database
from foliot.common.ledger.claim import Claims
from foliot.common.ledger.dead_letters import DeadLetters
from foliot.common.ledger.ending import Endings
from foliot.common.ledger.postgres import Session
from foliot.common.ledger.server import Server
from foliot.common.ledger.workers import Workers


class Unit:
    def __init__(self, session: Session) -> None:
        self.session = session

    @cached_property
    def claims(self) -> Claims:
        return Claims(self.session)

    @cached_property
    def endings(self) -> Endings:
        return Endings(self.session)

    @cached_property
    def dead_letters(self) -> DeadLetters:
        return DeadLetters(self.session)

    @cached_property
    def workers(self) -> Workers:
        return Workers(self.session)

    @cached_property
    def server(self) -> Server:
        return Server(self.session)


UnitsOfWork = database.UnitsOfWork[Unit]
