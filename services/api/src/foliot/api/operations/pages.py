"""Pages that need no key: the reference, the errors, the description, and a viewer of it that asks nobody else."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from functools import cache
from importlib import resources

import msgspec
import offapi
from aiohttp import hdrs, web

from foliot.api.operations.document import document
from foliot.api.operations.reference import errors_page, reference_page, rendered
from foliot.api.web.answers import JsonAnswer, dump, respond
from foliot.api.web.large_answers import LargeAnswer

_PLAIN = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_WITH_SCRIPT = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The viewer sets styles of its elements."""
_INDEX = {
    "name": "foliot", "reference": "/docs/reference", "errors": "/docs/errors", "explore": "/docs",
    "openapi": "/openapi.json",
}  # fmt: skip


class Asset(msgspec.Struct, frozen=True):
    """A file of the pages under a name that its content makes, so that nobody has to ask for it again."""

    path: str
    kind: str
    body: bytes
    zipped: bytes


def page_routes() -> list[web.RouteDef]:
    return [
        web.get("/", _index),
        web.get("/openapi.json", _openapi),
        web.get("/docs", _explore),
        web.get("/docs/reference", _reference),
        web.get("/docs/errors", _errors),
        web.get("/docs/assets/{name}", _asset),
    ]


@cache
def _assets() -> dict[str, Asset]:
    """By the name of the file."""
    own, theirs = resources.files("foliot.api.operations") / "assets", resources.files(offapi)
    files = (own / "reference.css", own / "docs.js", theirs / "swagger_bundle.js", theirs / "swagger_style.css")
    return {file.name: _made(file.name, file.read_bytes()) for file in files}


def _made(name: str, body: bytes) -> Asset:
    stem, _, ending = name.rpartition(".")
    kind = {"css": "text/css", "js": "text/javascript"}[ending]
    path = f"/docs/assets/{stem}.{hashlib.sha256(body).hexdigest()[:12]}.{ending}"
    return Asset(path, kind, body, gzip.compress(body, mtime=0))


async def _path(name: str) -> str:
    """Made at the first call, in a thread: a tenth of a second in which nobody else should wait."""
    return (await asyncio.to_thread(_assets))[name].path


async def _index(_request: web.Request) -> web.Response:
    return respond(JsonAnswer(body=_INDEX))


@cache
def _description() -> bytes:
    return dump(document())


async def _openapi(_request: web.Request) -> web.Response:
    return web.Response(body=await asyncio.to_thread(_description), content_type="application/json")


async def _explore(_request: web.Request) -> web.Response:
    page = rendered(
        "docs.html", stylesheet=await _path("swagger_style.css"), bundle=await _path("swagger_bundle.js"),
        script=await _path("docs.js"),
    )  # fmt: skip
    return _html(page, _WITH_SCRIPT)


async def _reference(_request: web.Request) -> web.Response:
    return _html(await asyncio.to_thread(reference_page, await _path("reference.css")), _PLAIN)


async def _errors(_request: web.Request) -> web.Response:
    return _html(await asyncio.to_thread(errors_page, await _path("reference.css")), _PLAIN)


def _html(page: str, policy: str) -> web.Response:
    headers = {
        "Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
    }  # fmt: skip
    return web.Response(text=page, content_type="text/html", headers=headers)


async def _asset(request: web.Request) -> web.Response:
    found = await asyncio.to_thread(_assets)
    asset = next((one for one in found.values() if one.path == request.path), None)
    if asset is None:
        raise web.HTTPNotFound
    headers = {
        "Content-Type": asset.kind, "Cache-Control": "public, max-age=31536000, immutable",
        "X-Content-Type-Options": "nosniff", "Vary": "Accept-Encoding",
    }  # fmt: skip
    if "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
        return LargeAnswer(body=asset.zipped, headers=headers | {"Content-Encoding": "gzip"})
    return LargeAnswer(body=asset.body, headers=headers)
