"""PagerDuty (Events API v2) and Slack (incoming webhook) on loopback, as strict as they are."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web

from support.eventually import eventually

ROUTING_KEY = "0123456789abcdef0123456789abcdef"


class Receivers:
    """Pages and messages that arrived, in order."""

    def __init__(self) -> None:
        self.pages: list[dict[str, Any]] = []
        self.messages: list[dict[str, Any]] = []
        self.refused: list[str] = []
        self.url = ""

    async def paged(self, alert: str, action: str, within: float = 40) -> dict[str, Any]:
        """The PagerDuty event (trigger or resolve) of an alert."""

        async def look() -> dict[str, Any]:
            found = [p for p in self.pages if p["event_action"] == action and alert in p["dedup_alert"]]
            assert found, (alert, action, self.pages, self.refused)
            return found[-1]

        return await eventually(look, within=within, every=0.2)

    async def told(self, title: str, within: float = 40) -> dict[str, Any]:
        """The Slack attachment with this title."""

        async def look() -> dict[str, Any]:
            attachments: list[dict[str, Any]] = [a for m in self.messages for a in m["attachments"]]
            found = [a for a in attachments if a["title"] == title]
            assert found, (title, [a["title"] for a in attachments], self.refused)
            return found[-1]

        return await eventually(look, within=within, every=0.2)


@contextlib.asynccontextmanager
async def open_receivers() -> AsyncIterator[Receivers]:
    receivers = Receivers()
    summaries: dict[str, str] = {}  # a resolve names its alert by the dedup_key alone

    async def pagerduty(request: web.Request) -> web.Response:
        event = await request.json()
        if problem := _pagerduty_problem(event):
            receivers.refused.append(f"PagerDuty: {problem}: {event}")
            return web.json_response({"status": "invalid event", "errors": [problem]}, status=400)
        summary = event.get("payload", {}).get("summary", "")
        event["dedup_alert"] = summaries.setdefault(event["dedup_key"], summary)
        receivers.pages.append(event)
        return web.json_response({"status": "success", "dedup_key": event["dedup_key"]}, status=202)

    async def slack(request: web.Request) -> web.Response:
        message = await request.json()
        attachments = message.get("attachments")
        if not attachments or any(not (a.get("text") and a.get("title")) for a in attachments):
            receivers.refused.append(f"Slack: {message}")
            return web.Response(status=400, text="no_text")
        receivers.messages.append(message)
        return web.Response(text="ok")

    app = web.Application()
    app.add_routes([web.post("/v2/enqueue", pagerduty), web.post("/services/T/B/x", slack)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receivers.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield receivers
    finally:
        await runner.cleanup()


def _pagerduty_problem(event: dict[str, Any]) -> str | None:
    """The first field that PagerDuty would refuse."""
    payload = event.get("payload", {})
    checks = {
        "routing_key": event.get("routing_key") == ROUTING_KEY,
        "event_action": event.get("event_action") in ("trigger", "acknowledge", "resolve"),
        "dedup_key": bool(event.get("dedup_key")),
    }
    if event.get("event_action") == "trigger":
        checks["payload.summary"] = 1 <= len(payload.get("summary", "")) <= 1024
        checks["payload.source"] = bool(payload.get("source"))
        checks["payload.severity"] = payload.get("severity") in ("critical", "error", "warning", "info")
    return next((field for field, good in checks.items() if not good), None)
