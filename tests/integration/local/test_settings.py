"""Settings that a cluster remembers, and the one line that says what is wrong with them."""

import os
import shutil
import socket
import stat
from pathlib import Path
from types import SimpleNamespace

import pytest

from cluster.errors import ClusterError
from cluster.layout import MARKER, Layout
from cluster.locks import one_at_a_time, take
from cluster.logfile import open_log, rotate, tail
from cluster.ports import RANGE, choose, is_free
from cluster.settings import (
    Settings,
    check_api_port,
    read_passwords,
    read_ports,
    settle_passwords,
    settle_ports,
)


def test_ports_are_kept_unless_somebody_took_one(tmp_path: Path) -> None:
    path = tmp_path / "ports.json"
    settle_ports(path, ["one", "two"], ours=())
    before = read_ports(path)
    assert set(before.values()) < set(RANGE)
    with socket.socket() as thief:
        thief.bind(("127.0.0.1", before["one"]))
        thief.listen()
        settle_ports(path, ["one", "two", "three"], ours=())
    after = read_ports(path)
    assert after["one"] != before["one"]
    assert after["two"] == before["two"]
    assert len(set(after.values())) == 3


def test_ports_of_our_own_running_processes_are_not_taken_for_stolen(tmp_path: Path) -> None:
    path = tmp_path / "ports.json"
    settle_ports(path, ["one"], ours=())
    before = read_ports(path)
    with socket.socket() as ours:
        ours.bind(("127.0.0.1", before["one"]))
        ours.listen()
        settle_ports(path, ["one", "two"], ours={"one"})
    assert read_ports(path)["one"] == before["one"]


def test_port_of_a_connection_that_was_just_closed_is_free() -> None:
    [port] = choose(["one"]).values()
    with socket.create_server(("127.0.0.1", port)) as server, socket.create_connection(("127.0.0.1", port)):
        server.accept()[0].close()  # the server's side closes first: TIME_WAIT
    assert is_free(port)


def test_api_port_in_use_names_another() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        server.listen()
        with pytest.raises(ClusterError, match=rf"^port {port} is in use: make up API_PORT=\d+$"):
            check_api_port(port)
    check_api_port(port)


def test_settings_change_only_where_named(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    assert Settings.read(path) == Settings(api_port=8080, schedulers=2, workers=2)
    Settings.read(path).changed_by({"WORKERS": "4"}).write(path)
    assert Settings.read(path).changed_by({"API_PORT": "8081", "WORKERS": ""}) == Settings(8081, 2, 4)
    assert Settings(schedulers=3).scheduler_names == ["scheduler-1", "scheduler-2", "scheduler-3"]


@pytest.mark.parametrize("value", ["0", "-1", "two", "51"])
def test_impossible_count_is_refused(value: str) -> None:
    with pytest.raises(ClusterError, match="is not a number from 1 to 50"):
        Settings().changed_by({"WORKERS": value})


def test_passwords_are_made_once_and_are_private(tmp_path: Path) -> None:
    path = tmp_path / "passwords.json"
    settle_passwords(path)
    before = read_passwords(path)
    assert len(set(before.values())) == len(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    settle_passwords(path)
    assert read_passwords(path) == before


def test_directory_of_somebody_else_is_neither_used_nor_removed(tmp_path: Path) -> None:
    (tmp_path / "thesis").touch()
    with pytest.raises(ClusterError, match="is not empty"):
        Layout(tmp_path).create()
    assert not Layout(tmp_path).exists


def test_removal_spares_what_others_keep_there(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "local")
    layout.create()
    (layout.directory / "env").touch()
    (layout.directory / "thesis").touch()
    assert layout.remove() == ["thesis"]
    assert [path.name for path in layout.directory.iterdir()] == ["thesis"]


def test_removal_leaves_nothing_of_ours(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "local")
    layout.create()
    assert stat.S_IMODE(layout.directory.stat().st_mode) == 0o700
    (layout.directory / "postgres").mkdir()
    with one_at_a_time(layout.command_lock):
        assert layout.remove() == []
    assert not layout.directory.exists()
    assert not (layout.directory / MARKER).exists()


def test_full_disk_is_told_before_anything_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=100 << 20))
    with pytest.raises(ClusterError, match=r"only 0\.1 GB are free .* set FOLIOT_LOCAL_DIR"):
        Layout(tmp_path / "local").create()


def test_lock_is_held_by_one(tmp_path: Path) -> None:
    lock = take(tmp_path / "lock")
    assert lock is not None
    assert take(tmp_path / "lock") is None
    os.close(lock)
    again = take(tmp_path / "lock")
    assert again is not None
    os.close(again)


def test_logs_rotate_under_a_writer_that_keeps_its_file(tmp_path: Path) -> None:
    log = tmp_path / "one.log"
    with open_log(log) as writer:
        for number in range(4):
            writer.write(f"line {number}\n".encode())
            writer.flush()
            rotate(log, limit=1)
        writer.write(b"line 4\n")
        writer.flush()
        rotate(log, limit=1000)
    assert log.read_bytes() == b"line 4\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.log", "one.log.1", "one.log.2"]
    assert [(tmp_path / f"one.log.{n}").read_text() for n in (1, 2)] == ["line 3\n", "line 2\n"]


def test_tail(tmp_path: Path) -> None:
    assert tail(tmp_path / "absent.log") == ""
    (tmp_path / "one.log").write_text("".join(f"{number}\n" for number in range(100_000)))
    assert tail(tmp_path / "one.log", lines=2) == "99998\n99999"
