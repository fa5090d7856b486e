"""A crontab as a manifest: crontab(5) of Debian's cron and of cronie."""

from __future__ import annotations

import re
from shlex import quote
from typing import Any, Final

from foliot.cli.importers.cron_fields import NICKNAMES, schedule_of
from foliot.cli.importers.found import Found, Job, Refused, Unmapped

DEFAULTS: Final = {
    "overlap_policy": "allow", "misfire_policy": "skip", "timeout_seconds": 604800, "retry_policy": {"max_retries": 0},
}  # fmt: skip
REMARKS: Final = [
    "The defaults are what cron does: it starts a job beside one that still runs, forgets what it missed, stops none "
    "and tries none again. Choose better ones job by job.",
    "Every job runs as the worker's own user in a temporary directory, on any worker of its pool. A command that does "
    "not exit with 0 FAILS here; cron does not look.",
]
_ASSIGNMENT: Final = re.compile(r"""\s*(?P<q>["']?)(?P<name>[A-Za-z_]\w*)(?P=q)\s*=\s*(?P<value>.*?)\s*""")
_CRONS: Final = ("SHELL", "MAILTO", "MAILFROM", "CRON_TZ", "RANDOM_DELAY", "CONTENT_TYPE", "CONTENT_TRANSFER_ENCODING")
"""Assignments that mean something to cron itself."""
_EXPORTED: Final = ("PATH", "HOME")
"""The worker sets these, so the script sets them again."""
_NICKNAME: Final = re.compile(r"(@\S+)\s*(.*)")
_FIVE: Final = re.compile(r"(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s*(.*)")
_COMMENTED_OUT: Final = re.compile(r"#+\s*(@[a-z]+\s|([\d*][\d*,/~-]*\s+){3})")


class Crontab:
    """Reads line by line: an assignment holds for the lines after it."""

    def __init__(self, name: str, timezone: str, *, users: bool) -> None:
        self.found = Found(f"{name} (times in {timezone})", {"timezone": timezone, **DEFAULTS}, REMARKS)
        self._users = users
        self._environment: dict[str, str] = {}
        self._comment: str | None = None

    def read(self, text: str) -> Found:
        for number, line in enumerate(text.splitlines(), 1):
            self._line(f"line {number}", line.strip(" \t"))
        return self.found

    def _line(self, place: str, line: str) -> None:
        comment, self._comment = self._comment, None
        if not line:
            return
        if line.startswith("#"):
            if _COMMENTED_OUT.match(line):
                self.found.refused.append(Refused(place, line, "it is commented out there too"))
            else:
                self._comment = line.lstrip("#").strip() or None
            return
        if assigned := _ASSIGNMENT.fullmatch(line):
            self._environment[assigned["name"]] = _unquoted(assigned["value"])
            return
        try:
            self.found.jobs.append(self._job(place, line, comment))
        except Unmapped as reason:
            self.found.refused.append(Refused(place, line, str(reason)))

    def _job(self, place: str, line: str, comment: str | None) -> Job:
        notes: list[str] = []
        schedule, rest = self._schedule(line, notes)
        user, command = self._user(rest)
        if not command:
            raise Unmapped("there is no command")
        if user is not None:
            notes.append(f"it ran as {user}; here as the worker's user")
        fields: dict[str, Any] = {"job_name": command[:255]}
        if comment is not None:
            fields["description"] = comment
        fields |= {"job_type": "script", "schedule": schedule, **self._settings(notes)}
        fields["payload"] = self._payload(command)
        return Job(place, self.found.key(_name(command)), fields, notes)

    def _schedule(self, line: str, notes: list[str]) -> tuple[str, str]:
        if line.startswith("-"):
            notes.append("the leading - (no log line) means nothing here")
            line = line[1:]
        if nickname := _NICKNAME.fullmatch(line):
            if nickname[1] == "@reboot":
                raise Unmapped("@reboot: a job here belongs to no machine; start it with the machine's own init")
            if nickname[1].lower() not in NICKNAMES:
                raise Unmapped(f"{nickname[1]} is not known")
            return NICKNAMES[nickname[1].lower()], nickname[2]
        five = _FIVE.fullmatch(line)
        if five is None:
            raise Unmapped("it has no five fields and a command")
        return schedule_of([five[number] for number in range(1, 6)], notes), five[6]

    def _user(self, rest: str) -> tuple[str | None, str]:
        if not self._users:
            return None, rest
        user, _, command = rest.partition(" ") if "\t" not in rest.split(" ", maxsplit=1)[0] else rest.partition("\t")
        return user, command.strip()

    def _settings(self, notes: list[str]) -> dict[str, Any]:
        """What assignments mean for a job besides its environment."""
        made: dict[str, Any] = {}
        if zone := self._environment.get("CRON_TZ"):
            made["timezone"] = zone
        if address := self._environment.get("MAILTO"):
            notes.append(f"no output is mailed to {address}: look at foliot executions logs, and alert on failures")
        delay = self._environment.get("RANDOM_DELAY", "")
        if delay.isdigit() and int(delay):
            made["jitter_seconds"] = min(int(delay) * 60, 86400)
            notes.append("RANDOM_DELAY is jitter_seconds here: fixed for each tick, not drawn at each start of cron")
        if home := self._environment.get("HOME"):
            notes.append(f"cron starts it in {home}, Foliot in a temporary directory: mind relative paths")
        return made

    def _payload(self, command: str) -> dict[str, Any]:
        script, stdin = split_at_percent(command)
        if stdin is not None:
            end = next(f"END{'_' * number}" for number in range(99) if f"END{'_' * number}" not in stdin.splitlines())
            script = f"{{\n{script}\n}} <<'{end}'\n{stdin}{end}\n"
        payload: dict[str, Any] = {"script": script}
        shell = self._environment.get("SHELL", "/bin/sh")
        if shell != "/bin/sh":
            payload["interpreter"] = shell
        if exported := {name: self._environment[name] for name in _EXPORTED if name in self._environment}:
            if not shell.endswith("sh"):
                raise Unmapped(f"{' and '.join(exported)} cannot be set for the SHELL {shell}")
            payload["script"] = "".join(f"export {name}={quote(value)}\n" for name, value in exported.items()) + script
        if kept := {name: value for name, value in self._environment.items() if name not in (*_CRONS, *_EXPORTED)}:
            payload["env"] = kept
        return payload


def split_at_percent(command: str) -> tuple[str, str | None]:
    r"""Command and standard input: the first % that has no \ before it ends the command, each further one a line."""
    first, *rest = re.split(r"(?<!\\)%", command)
    plain = [part.replace("\\%", "%") for part in (first, *rest)]
    return plain[0], "".join(f"{line}\n" for line in plain[1:]) if rest else None


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value


def _name(command: str) -> str:
    """The program and its first argument: /opt/db/backup.sh --full becomes backup.sh --full."""
    words = [word for word in command.split() if "=" not in word or word.startswith("-")][:2] or ["job"]
    return " ".join(word.rpartition("/")[2] for word in words)
