"""Answers end with a newline, so that a terminal shows the next one on a line of its own."""

from __future__ import annotations

from foliot.api.web.bodies import JsonAnswer, respond
from foliot.api.web.problems import problem, problem_of
from foliot.common.errors import NotFound


def test_an_answer_is_one_line() -> None:
    assert respond(JsonAnswer(body={"items": []})).body == b'{"items":[]}\n'
    assert respond(JsonAnswer(status=204)).body is None


def test_a_problem_is_one_line() -> None:
    for refusal in (problem(405, "method_not_allowed", "no", "r"), problem_of(NotFound("job 1"), "r")):
        assert isinstance(refusal.body, bytes)
        assert refusal.body.count(b"\n") == 1
        assert refusal.body.endswith(b"}\n")
