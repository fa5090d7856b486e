"""As much of Elasticsearch as log shipping needs, on loopback: the bulk contract with our own index template.

A document with a field that the template does not have, or of another type, is refused with 400, as `"dynamic": "strict"`
does; types are not coerced. Searches understand the part of Lucene's query language that ours are written in.
"""

from __future__ import annotations

import contextlib
import fnmatch
import json
import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web

TEMPLATE = Path(__file__).parents[2] / "infra" / "logging" / "index-template.json"
Document = dict[str, Any]

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def _is_int(bits: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and -(2 ** (bits - 1)) <= value < 2 ** (bits - 1)


TYPES: dict[str, Callable[[Any], bool]] = {
    "date": lambda value: isinstance(value, str) and _RFC3339.fullmatch(value) is not None,
    "keyword": lambda value: isinstance(value, str),
    "text": lambda value: isinstance(value, str),
    "long": _is_int(64),
    "integer": _is_int(32),
    "double": lambda value: type(value) in (int, float),
}


class Elasticsearch:
    """Its indices, by document id; and what it refused."""

    def __init__(self) -> None:
        template = json.loads(TEMPLATE.read_text())
        self.patterns: list[str] = template["index_patterns"]
        self.properties: dict[str, dict[str, Any]] = template["template"]["mappings"]["properties"]
        assert template["template"]["mappings"]["dynamic"] == "strict"
        self.documents: dict[tuple[str, str], Document] = {}
        self.refused: list[tuple[str, Document]] = []
        self.busy = 0
        self.url = ""

    def problem(self, document: Document) -> str | None:
        """Why it would be refused."""
        for name, value in document.items():
            if name not in self.properties:
                return f"strict_dynamic_mapping_exception: [{name}] is not allowed"
            kind = self.properties[name]["type"]
            if not TYPES[kind](value):
                return f"document_parsing_exception: [{name}] is no {kind}: {value!r}"
        return None

    def bulk(self, body: str) -> dict[str, Any]:
        """Raises ValueError for what is no bulk request."""
        lines = body.split("\n")
        if lines[-1] != "":
            raise ValueError("The bulk request must be terminated by a newline [\\n]")
        items = []
        for action_line, source in zip(lines[:-1:2], lines[1:-1:2], strict=True):
            ((operation, target),) = json.loads(action_line).items()
            if operation not in ("index", "create"):
                raise ValueError(f"Malformed action/metadata line: {operation}")
            items.append({operation: self._write(operation, target, json.loads(source))})
        return {
            "took": 1,
            "errors": any(item.popitem()[1]["status"] >= 400 for item in map(dict, items)),
            "items": items,
        }

    def _write(self, operation: str, target: dict[str, str], document: Document) -> dict[str, Any]:
        index, key = target["_index"], target.get("_id") or str(len(self.documents))
        if not any(fnmatch.fnmatch(index, pattern) for pattern in self.patterns):
            return self._refuse(document, f"no template for [{index}]")
        if problem := self.problem(document):
            return self._refuse(document, problem)
        if operation == "create" and (index, key) in self.documents:
            return {"_index": index, "_id": key, "status": 409, "error": {"type": "version_conflict_engine_exception"}}
        self.documents[index, key] = document
        return {"_index": index, "_id": key, "status": 201, "result": "created"}

    def _refuse(self, document: Document, reason: str) -> dict[str, Any]:
        self.refused.append((reason, document))
        return {"status": 400, "error": {"type": reason.partition(":")[0], "reason": reason}}

    def search(self, query: str, now: datetime | None = None) -> list[Document]:
        """The documents that a Lucene query finds: terms `field:value`, `field:>number` and `field:[from TO to]`, ANDed."""
        terms = [_term(term, now or datetime.now(UTC)) for term in re.split(r"\s+AND\s+", query)]
        return [one for one in self.documents.values() if all(term(one) for term in terms)]


def _term(text: str, now: datetime) -> Callable[[Document], bool]:
    field, _, wanted = text.partition(":")
    if match := re.fullmatch(r"\[(\S+) TO (\S+)\]", wanted):
        since, until = _moment(match[1], now), _moment(match[2], now)
        return lambda one: field in one and since <= datetime.fromisoformat(one[field]) <= until
    if wanted.startswith(">"):
        return lambda one: field in one and one[field] > float(wanted[1:])
    value = wanted.strip('"')
    return lambda one: field in one and str(one[field]) == value


def _moment(text: str, now: datetime) -> datetime:
    if match := re.fullmatch(r"now(?:-(\d+)([hm]))?", text):
        return now - timedelta(**{"hours" if match[2] == "h" else "minutes": int(match[1] or 0)})
    return datetime.fromisoformat(text)


@contextlib.asynccontextmanager
async def open_elasticsearch(port: int = 0) -> AsyncIterator[Elasticsearch]:
    """`busy`: how many of the next bulk requests are answered 429."""
    found = Elasticsearch()
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.add_routes([web.post("/_bulk", _answer_bulk(found)), web.route("*", "/{path:.*}", _hello)])
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield found
    finally:
        await runner.cleanup()


def _answer_bulk(elasticsearch: Elasticsearch) -> Callable[[web.Request], Any]:
    async def bulk(request: web.Request) -> web.Response:
        if request.content_type not in ("application/x-ndjson", "application/json"):
            return web.json_response({"error": f"Content-Type {request.content_type} is not supported"}, status=406)
        if elasticsearch.busy:
            elasticsearch.busy -= 1
            return web.json_response({"error": "es_rejected_execution_exception"}, status=429)
        try:
            return _said(elasticsearch.bulk(await request.text()))
        except (ValueError, KeyError) as error:
            return _said({"error": str(error)}, 400)

    return bulk


async def _hello(_request: web.Request) -> web.Response:
    return _said({"version": {"number": "8.15.0", "build_flavor": "default"}, "tagline": "You Know, for Search"})


def _said(body: dict[str, Any], status: int = 200) -> web.Response:
    return web.json_response(body, status=status, headers={"X-Elastic-Product": "Elasticsearch"})
