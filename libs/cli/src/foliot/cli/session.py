"""What one command has: the API that was chosen, and its output."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from foliot.cli.contexts import Context
from foliot.cli.exits import USAGE, Stop
from foliot.cli.output import Item, Output
from foliot.cli.target import Flags, target

if TYPE_CHECKING:
    from foliot.client.http import Client
    from foliot.client.request import Request


class Session:
    def __init__(self, flags: Flags, form: str, environment: Mapping[str, str], confirmed: str | None = None) -> None:
        self.environment = environment
        self.output = Output(form, environment)
        self._flags = flags
        self._confirmed = confirmed

    @cached_property
    def context(self) -> Context:
        return target(self._flags, self.environment)

    @cached_property
    def client(self) -> Client:
        """Opened by the first request."""
        from foliot.client.http import Client  # noqa: PLC0415

        try:
            return Client(self.context.url, self.context.key)
        except ValueError as error:
            raise Stop(str(error), USAGE) from error

    def close(self) -> None:
        if "client" in self.__dict__:
            self.client.close()

    def ask(self, request: Request[Any]) -> Item:
        """The answer as it came: members that this release does not know are shown too."""
        body = self.client.answer(request).body
        found: Item = msgspec.json.decode(body) if body else {}
        return found

    def collect(self, request: Request[Any], limit: int | None) -> list[Item]:
        """The first `limit` items of a list, or all of them. Says on stderr that there are more."""
        found: list[Item] = []
        while True:
            page = self.ask(request)
            found += page["items"]
            if limit is not None and len(found) >= limit:
                if page["next_cursor"] or len(found) > limit:
                    self.output.note(f"the first {limit} are shown: --limit N or --all for more")
                return found[:limit]
            if not page["next_cursor"]:
                return found
            request = request.after(page["next_cursor"])

    def confirm(self, what: str) -> None:
        """In a protected context: its name must be given, by --confirm or at the terminal."""
        if not self.context.protected or self._confirmed == self.context.name:
            return
        if self._confirmed is None and sys.stdin.isatty():
            sys.stderr.write(f"{what} in the protected context {self.context.name}: type its name to go on: ")
            sys.stderr.flush()
            if sys.stdin.readline().strip() == self.context.name:
                return
        raise Stop(f"the context {self.context.name} is protected: --confirm {self.context.name}", USAGE)
