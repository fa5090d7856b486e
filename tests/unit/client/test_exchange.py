"""The steps of one request: what is sent again, with what, and what is not."""

from __future__ import annotations

from typing import Any

import pytest

from foliot.client import operations
from foliot.client.errors import Away, Refused
from foliot.client.exchange import ATTEMPTS, Call, Lost, Pause, Reply, exchange
from foliot.client.request import Request

DONE = Reply(200, {}, b"{}")
BUSY = Reply(503, {"retry-after": "2"}, b"")
GONE = Lost("reset")


def played(request: Request[Any], *answers: Reply | Lost) -> tuple[list[Call], list[float], Any]:
    """calls, pauses, and what came of it."""
    steps, given, left = exchange(request, "secret"), None, list(answers)
    calls: list[Call] = []
    pauses: list[float] = []
    try:
        while True:
            step = steps.send(given)
            if isinstance(step, Pause):
                pauses.append(step.seconds)
                given = None
            else:
                calls.append(step)
                given = left.pop(0)
    except StopIteration as end:
        return calls, pauses, end.value
    except (Away, Refused) as error:
        return calls, pauses, error


def test_a_lost_change_is_sent_again_with_the_same_idempotency_key() -> None:
    calls, pauses, end = played(operations.create_job({"job_name": "a"}), GONE, BUSY, DONE)
    assert end is DONE
    assert len({call.headers["Idempotency-Key"] for call in calls}) == 1
    assert calls[0] == calls[1] == calls[2]
    assert pauses[1] == 2.0


def test_two_requests_have_keys_of_their_own() -> None:
    request = operations.create_job({"job_name": "a"})
    keys = {played(request, DONE)[0][0].headers["Idempotency-Key"] for _ in range(2)}
    assert len(keys) == 2


def test_what_cannot_be_repeated_is_sent_once() -> None:
    calls, pauses, end = played(Request(method="POST", path="/x", repeatable=False), GONE)
    assert (len(calls), pauses, str(end)) == (1, [], "reset")


@pytest.mark.parametrize("answer", [GONE, BUSY])
def test_it_gives_up(answer: Reply | Lost) -> None:
    calls, pauses, end = played(operations.list_workers(), *[answer] * ATTEMPTS)
    assert (len(calls), len(pauses)) == (ATTEMPTS, ATTEMPTS - 1)
    assert isinstance(end, Away if answer is GONE else Refused)


def test_a_refusal_is_not_repeated_and_names_every_field() -> None:
    body = b'{"code": "invalid", "detail": "wrong", "request_id": "r", "errors": [{"field": "a", "message": "b"}]}'
    calls, _, end = played(operations.create_job({}), Reply(422, {}, body))
    assert len(calls) == 1
    assert (end.status, end.code, end.errors) == (422, "invalid", [{"field": "a", "message": "b"}])


def test_an_answer_of_something_else_than_foliot_is_a_refusal_too() -> None:
    _, _, end = played(operations.list_workers(), Reply(404, {}, b"<html>\xff"))
    assert (end.status, str(end)) == (404, "HTTP status 404")


def test_a_redirect_is_no_answer() -> None:
    """The key goes to the address that the caller named, nowhere else."""
    _, _, end = played(operations.list_workers(), Reply(302, {"location": "http://elsewhere/"}, b""))
    assert isinstance(end, Refused)


def test_pauses_grow_and_are_bounded() -> None:
    far = Reply(503, {"retry-after": "86400"}, b"")
    assert played(operations.list_workers(), far, DONE)[1] == [30.0]
    for _ in range(50):
        _, pauses, _ = played(operations.list_workers(), GONE, GONE, GONE, DONE)
        assert 0.25 <= pauses[0] <= 0.75
        assert 1 <= pauses[2] <= 3
