"""Which API a command asks: flags over the environment over a context over the local cluster, for every command."""

from __future__ import annotations

import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
import pytest

from foliot.cli import target as module
from foliot.cli.app import COMMANDS, foliot, run
from foliot.cli.commands.versions import warn_of_another_version
from foliot.cli.contexts import Contexts
from foliot.cli.exits import Stop
from foliot.cli.session import Session
from foliot.cli.target import Flags, target
from foliot.cli.verbs import Verb
from foliot.client.errors import refusal
from foliot.client.exchange import Reply
from foliot.client.request import Request

CONFIG = """
current = "prod"
[contexts.prod]
url = "http://prod"
key = "prod-key"
protected = true
[contexts.test]
url = "http://test"
key = "test-key"
"""


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local/admin-api-key").write_text("local-key\n")
    (tmp_path / ".local/context.toml").write_text(
        'current = "local"\n[contexts.local]\nurl = "http://local"\nkey_file = "admin-api-key"\n'
    )
    (tmp_path / "key").write_text("file-key\n")
    return {"HOME": str(tmp_path), "FOLIOT_CONFIG": str(tmp_path / "config.toml")}


@pytest.mark.parametrize(
    ("flags", "more", "url", "key"),
    [
        (Flags(), {}, "http://prod", "prod-key"),
        (Flags(), {"FOLIOT_CONTEXT": "test"}, "http://test", "test-key"),
        (Flags(), {"FOLIOT_URL": "http://env", "FOLIOT_API_KEY": "env-key"}, "http://env", "env-key"),
        (Flags(), {"FOLIOT_URL": "http://env", "FOLIOT_API_KEY_FILE": "key"}, "http://env", "file-key"),
        (Flags(context="test"), {"FOLIOT_URL": "http://env", "FOLIOT_API_KEY": "env-key"}, "http://test", "test-key"),
        (Flags(url="http://flag", key_file="key"), {"FOLIOT_URL": "http://env"}, "http://flag", "file-key"),
        (Flags(url="http://flag"), {}, "http://flag", None),
        (Flags(url="http://test/"), {}, "http://test/", "test-key"),
        (Flags(), {"FOLIOT_CONFIG": "nothing.toml"}, "http://local", "local-key"),
        (Flags(), {"FOLIOT_CONFIG": "nothing.toml", "FOLIOT_URL": "http://env"}, "http://env", None),
    ],
)  # fmt: skip
def test_order_of_the_sources(
    environment: dict[str, str], flags: Flags, more: dict[str, str], url: str, key: str | None
) -> None:
    """The key of a context goes to its own address alone."""
    found = target(flags, environment | more)
    assert (found.url, found.key) == (url, key)


def test_nothing_chosen_and_a_wrong_name_are_told_apart(environment: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(Stop, match="there are: prod, test") as wrong:
        target(Flags(context="prd"), environment)
    with pytest.raises(Stop, match="foliot login") as nothing:
        target(Flags(), {"HOME": str(tmp_path), "FOLIOT_LOCAL_DIR": "nothing"})
    assert (wrong.value.code, nothing.value.code) == (2, 4)


def test_contexts_are_kept_as_they_were(environment: dict[str, str]) -> None:
    contexts = Contexts.of(environment)
    contexts.all['a "b"\\\n'] = {"url": "http://x", "key": "k\x7fé"}
    contexts.save()
    again = Contexts.of(environment)
    assert (again.all, again.current) == (contexts.all, "prod")
    assert again.path.stat().st_mode & 0o777 == 0o600
    assert module.target(Flags(), environment).protected


@pytest.mark.parametrize(
    ("status", "body", "warns"),
    [
        (404, b"", False),
        (200, b'{"version": "0.0.1"}', True),
        (200, f'{{"version": "{version("foliot-cli")}"}}'.encode(), False),
    ],
)
def test_another_version_is_a_warning(
    status: int, body: bytes, warns: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    class Answering:
        def answer(self, request: Request[Any]) -> Reply:
            assert request.target == "/v1"
            if status == 404:
                raise refusal(404, body)
            return Reply(status, {}, body)

    session = Session(Flags(), "table", {})
    session.__dict__["client"] = Answering()
    warn_of_another_version(session)
    assert ("0.0.1" in capsys.readouterr().err) == warns


class Listener(http.server.BaseHTTPRequestHandler):
    """Answers 404 to all, and counts."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(f"{self.command} {self.headers['Authorization']}")
        self.send_response(404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def listeners() -> Iterator[dict[str, tuple[str, list[str]]]]:
    """name -> (address, what it was asked)."""
    servers, found = [], {}
    for name in ("flag", "env", "context", "local"):
        asked: list[str] = []
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Its", (Listener,), {"asked": asked}))
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        found[name] = (f"http://127.0.0.1:{server.server_port}", asked)
    yield found
    for server in servers:
        server.shutdown()
        server.server_close()


def verbs() -> list[tuple[str, ...]]:
    """Every command that asks an API."""
    context = click.Context(foliot)
    found: list[tuple[str, ...]] = []
    for name in COMMANDS:
        command = foliot.get_command(context, name)
        if isinstance(command, click.Group):
            found += [(name, verb) for verb, one in command.commands.items() if isinstance(one, Verb)]
        elif isinstance(command, Verb):
            found.append((name,))
    return [one for one in found if one[0] != "context"]


ARGUMENTS = {
    "job": "12", "execution": "7", "key": "7", "schedule": "@daily", "method": "GET", "path": "/v1/x", "file": "jobs.yaml",
}  # fmt: skip
OPTIONS = {"create": ["--name", "a", "--role", "viewer"], "edit": ["--set", "priority=1"]}


def arguments_of(verb: tuple[str, ...]) -> list[str]:
    command = foliot.get_command(click.Context(foliot), verb[0])
    if len(verb) > 1:
        assert isinstance(command, click.Group)
        command = command.commands[verb[1]]
    assert command is not None
    given = [ARGUMENTS[str(one.name)] for one in command.params if isinstance(one, click.Argument)]
    options = ["--name", "a"] if verb == ("jobs", "create") else OPTIONS.get(verb[-1], [])
    return [*verb, *given, *options]


@pytest.mark.parametrize("verb", [one for one in verbs() if one != ("login",)], ids=" ".join)
def test_every_command_goes_where_each_source_says(
    verb: tuple[str, ...], listeners: dict[str, tuple[str, list[str]]], environment: dict[str, str], tmp_path: Path
) -> None:
    urls = {name: url for name, (url, _) in listeners.items()}
    (tmp_path / "config.toml").write_text(f'current = "c"\n[contexts.c]\nurl = "{urls["context"]}"\nkey = "c"\n')
    (tmp_path / ".local/context.toml").write_text(f'current = "l"\n[contexts.l]\nurl = "{urls["local"]}"\nkey = "l"\n')
    (tmp_path / "jobs.yaml").write_text("foliot: 1\nset: s\njobs: {}\n")
    called = arguments_of(verb)
    chosen = {"FOLIOT_URL": urls["env"], "FOLIOT_API_KEY": "e"}
    cases = [
        ("flag", [*called, "--url", urls["flag"], "--api-key-file", "key"], chosen, "file-key"),
        ("env", called, chosen, "e"), ("context", [*called, "--context", "c"], chosen, "c"), ("context", called, {}, "c"),
        ("local", called, {"FOLIOT_CONFIG": "nothing"}, "l"),
    ]  # fmt: skip
    for name, arguments, more, key in cases:
        run(arguments, environment | more)
        for other, (_, asked) in listeners.items():
            assert bool(asked) == (other == name), (arguments, other)
            assert {one.split()[-1] for one in asked} <= {key}
            asked.clear()


def test_what_starts_is_small() -> None:
    """Modules, not milliseconds: a slow machine does not make this fail, an import at the wrong place does."""
    heavy = {
        "asyncio",
        "aiohttp",
        "yaml",
        "unittest",
        "foliot.client.types",
        "foliot.cli.manifest.fields",
        "zoneinfo",
    }
    for arguments in (["--help"], ["jobs", "--help"], ["jobs", "list"]):
        code = f"""
import sys
from foliot.cli.app import run
run({arguments}, {{"FOLIOT_URL": "http://127.0.0.1:1", "FOLIOT_API_KEY": "k"}}) if {arguments} != ["jobs", "list"] else None
import foliot.cli.commands.jobs, foliot.client.http
print(len(sys.modules), *sorted(sys.modules), file=sys.stderr)
"""
        ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        number, *names = ended.stderr.split()
        assert not heavy & set(names), heavy & set(names)
        assert int(number) < 400
