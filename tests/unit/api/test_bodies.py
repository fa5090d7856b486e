"""Answers end with a newline, so that a terminal shows the next one on a line of its own."""

from __future__ import annotations

from foliot.api.web.answers import JsonAnswer, respond
from foliot.api.web.problems import refused, refused_for
from foliot.common.errors import NotFound


def test_an_answer_is_one_line() -> None:
    assert respond(JsonAnswer(body={"items": []})).body == b'{"items":[]}\n'
    assert respond(JsonAnswer(status=204)).body is None


def test_a_problem_is_one_line() -> None:
    for refusal in (refused("method_not_allowed", "no", "r"), refused_for(NotFound("job 1"), "r")):
        assert isinstance(refusal.body, bytes)
        assert refusal.body.count(b"\n") == 1
        assert refusal.body.endswith(b"}\n")
