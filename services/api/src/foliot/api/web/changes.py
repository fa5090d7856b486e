"""The one door of every change: a transaction with its audit row, its idempotent answer, its wake-up and its log line.

Creations without an Idempotency-Key are the exception: they share a transaction (jobs/coalescer.py).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from foliot.api.queries.unit import UnitsOfWork
from foliot.api.web.bodies import JsonAnswer, respond
from foliot.api.web.callers import caller_of
from foliot.api.web.idempotency import KeyedRequest, keyed
from foliot.api.web.open_change import OpenChange
from foliot.api.web.problems import problem_body
from foliot.common.clock import Clock
from foliot.common.errors import Conflict
from foliot.common.ledger.again import again

FIRST_ANSWER_SECONDS = 5.0
"""Time for which a request waits for the answer of the first one with its Idempotency-Key; then it is answered 409."""
LOOK_EVERY_SECONDS = 0.05
"""Interval of looking whether the first one is answered. Each look is a short transaction; on average half of the
interval is added to the wait."""
Work = Callable[[OpenChange], Awaitable[JsonAnswer]]
"""The change that a request asks for, made through the open change's unit; it gives the answer. It has no other effect:
it is called again, with another open change, if PostgreSQL rolled the transaction back."""


class Changes:
    """Makes the changes that requests ask for."""

    def __init__(self, database: UnitsOfWork, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def make(
        self, request: web.Request, work: Work, *, body: bytes = b"", hidden: tuple[str, ...] = ()
    ) -> web.Response:
        """Run `work` in one transaction and answer after its commit.

        With an Idempotency-Key the answer is kept in that transaction (without the members `hidden`) and given again
        to the same request, known by its `body`. Answers other than 2xx and 409 leave no trace.
        """
        known = keyed(request, body, hidden)
        if known is None:
            return await self._once(request, work)
        deadline = self._clock.elapsed() + FIRST_ANSWER_SECONDS
        while True:
            response = await self._once_for_key(request, work, known)
            if response is not None:
                return response
            if self._clock.elapsed() > deadline:
                detail = "a request with this Idempotency-Key is still being answered; try again later"
                raise Conflict("in_flight", detail)
            await self._clock.sleep(LOOK_EVERY_SECONDS)

    @again
    async def _once(self, request: web.Request, work: Work) -> web.Response:
        async with self._database.transaction() as unit:
            change = OpenChange(caller_of(request), unit)
            answer = await work(change)
        change.log_done()
        return respond(answer)

    @again
    async def _once_for_key(self, request: web.Request, work: Work, known: KeyedRequest) -> web.Response | None:
        """None while another request with this key is in flight."""
        try:
            async with self._database.transaction() as unit:
                if not await known.lock(unit):
                    return None
                if (kept := await known.kept_answer(unit)) is not None:
                    return kept
                change = OpenChange(caller_of(request), unit)
                answer = await work(change)
                await known.keep(unit, answer)
        except Conflict as error:
            await self._keep_refusal(request, known, error)
            raise
        change.log_done()
        return respond(answer)

    @again
    async def _keep_refusal(self, request: web.Request, known: KeyedRequest, error: Conflict) -> None:
        """In a transaction of its own, since that of the change was rolled back."""
        body = problem_body(409, error.code, str(error), caller_of(request).request_id)
        async with self._database.transaction() as unit:
            if await known.lock(unit):
                await known.keep(unit, JsonAnswer(status=409, body=body))
