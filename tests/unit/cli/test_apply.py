"""What apply sends, and what it makes of the answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from foliot.cli.app import run
from foliot.client.errors import Refused
from foliot.client.exchange import Reply
from foliot.client.http import Client
from foliot.client.request import Request

MANIFEST = "foliot: 1\nset: s\njobs:\n  a: {job_type: script, schedule: '@daily', payload: {script: 'true'}}\n"
SHOWN = {"job_key": "a", "job_id": 1, "job_name": "a", "job_type": "script", "schedule": "@hourly", "payload": {"script": "true"}, "version": 7}  # fmt: skip
ENVIRONMENT = {"FOLIOT_URL": "http://127.0.0.1:1", "FOLIOT_API_KEY": "k"}


class Server:
    """Answers in place of the API."""

    def __init__(self, bulk: Reply | Refused) -> None:
        self.bulk = bulk
        self.sent: list[Request[Any]] = []

    def answer(self, request: Request[Any]) -> Reply:
        if request.path == "/v1/jobs":
            return Reply(200, {}, msgspec.json.encode({"items": [SHOWN], "next_cursor": None}))
        self.sent.append(request)
        if isinstance(self.bulk, Refused):
            raise self.bulk
        return self.bulk


def applied(monkeypatch: pytest.MonkeyPatch, bulk: Reply | Refused, *arguments: str) -> tuple[int, list[Request[Any]]]:
    server = Server(bulk)
    monkeypatch.setattr(Client, "answer", server.answer)
    return run(["apply", *arguments], ENVIRONMENT), server.sent


@pytest.fixture
def file(tmp_path: Path) -> str:
    (tmp_path / "jobs.yaml").write_text(MANIFEST)
    return str(tmp_path / "jobs.yaml")


DONE = Reply(200, {}, b'{"matched": 1, "done": 1, "failed": 0, "results": []}')


def test_it_sends_the_set_with_the_versions_that_the_plan_saw(monkeypatch: pytest.MonkeyPatch, file: str) -> None:
    code, (sent,) = applied(monkeypatch, DONE, file, "--prune", "2")
    assert (code, sent.path, sent.keyed) == (0, "/v1/jobs/bulk", True)
    job = {"job_key": "a", "job_name": "a", "job_type": "script", "schedule": "@daily", "payload": {"script": "true"}}
    assert sent.body == {
        "action": "apply",
        "set": "s",
        "jobs": [job],
        "expect": {"a": '"7"'},
        "prune": 2,
        "adopt": False,
    }


def test_nothing_is_pruned_unless_a_number_says_so(monkeypatch: pytest.MonkeyPatch, file: str) -> None:
    _, (sent,) = applied(monkeypatch, DONE, file)
    assert sent.body["prune"] is None


def test_a_plan_that_was_kept_is_sent_as_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Client, "answer", Server(DONE).answer)
    assert run(["plan", file, "-o", "json"], ENVIRONMENT) == 2
    (tmp_path / "plan.json").write_text(capsys.readouterr().out)
    Path(file).write_text(MANIFEST.replace("@daily", "@weekly"))
    _, (sent,) = applied(monkeypatch, DONE, str(tmp_path / "plan.json"))
    assert (sent.body["jobs"][0]["schedule"], sent.body["expect"]) == ("@daily", {"a": '"7"'})


@pytest.mark.parametrize(
    ("bulk", "code", "says"),
    [
        (Refused(412, {"detail": "it was changed"}), 5, "it was changed"),
        (Refused(404, {}), 1, "no POST /v1/jobs/bulk"),
        (Reply(200, {}, b'{"done": 0, "failed": 1, "results": [{"index": 0, "error": "no"}]}'), 1, "job 0: no"),
        (Reply(202, {}, b'{"operation_id": 9}'), 0, "/v1/operations/9"),
    ],
)
def test_what_became_of_it(
    monkeypatch: pytest.MonkeyPatch, file: str, capsys: pytest.CaptureFixture[str], bulk: Any, code: int, says: str
) -> None:
    assert applied(monkeypatch, bulk, file)[0] == code
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "foliot: 1", "foliot: 1\nset: s\njobs:\n", MANIFEST[:40], "{}"])
def test_a_truncated_file_sends_nothing(monkeypatch: pytest.MonkeyPatch, file: str, text: str) -> None:
    Path(file).write_text(text)
    assert applied(monkeypatch, DONE, file) == (2, [])
