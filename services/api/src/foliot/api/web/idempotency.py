"""Idempotency-Key: the first answer to a request is kept for 24 h, and given again to the same request."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
from aiohttp import web
from multidict import istr

from foliot.api.queries.idempotency_keys import KeptAnswer, RequestKey
from foliot.api.queries.unit import Unit
from foliot.api.web.answers import JsonAnswer, dump
from foliot.api.web.call import Call
from foliot.common.errors import FieldError, Invalid

IDEMPOTENCY_KEY = istr("Idempotency-Key")


class KeyedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request with an Idempotency-Key. `body_hash` distinguishes it from another one with the same key; the members
    `hidden` of its answer are shown once and not kept."""

    key: RequestKey
    body_hash: bytes
    hidden: tuple[str, ...] = ()

    async def lock(self, unit: Unit) -> bool:
        """Until the transaction ends. False while another request with this key holds it."""
        return await unit.idempotency_keys.lock_key(self.key)

    async def kept_answer(self, unit: Unit) -> web.Response | None:
        """The answer that this key got before, if any. Raises Invalid if that was for another body."""
        kept = await unit.idempotency_keys.select_answer(self.key)
        if kept is None:
            return None
        if bytes(kept.request_hash) != self.body_hash:
            raise Invalid(
                [FieldError("Idempotency-Key", "was used with another body within 24 h: use a new key")],
                "idempotency_key_reused",
            )
        return _again(kept)

    async def keep(self, unit: Unit, answer: JsonAnswer) -> None:
        """Keep the answer in the transaction of the change: either both stand, or neither does."""
        body = answer.body
        if self.hidden:
            body = msgspec.structs.replace(body, **dict.fromkeys(self.hidden, msgspec.UNSET))
        text = "" if body is None else dump(body).decode()
        await unit.idempotency_keys.insert_answer(self.key, self.body_hash, answer.status, answer.headers, text)


def keyed(call: Call[Any, Any], hidden: tuple[str, ...]) -> KeyedRequest | None:
    """None for a request without the header. Raises Invalid for a key that cannot be one."""
    request, principal = call.request, call.principal
    key = request.headers.get(IDEMPOTENCY_KEY)
    if key is None or not call.operation.idempotent:
        return None
    if not 1 <= len(key) <= 255 or not key.isprintable():
        raise Invalid([FieldError("Idempotency-Key", "must have 1 to 255 printable characters")])
    return KeyedRequest(
        key=RequestKey(principal.user_id, principal.team_id or 0, request.method, request.path, key),
        body_hash=hashlib.sha256(call.identity()).digest(), hidden=hidden,
    )  # fmt: skip


def _again(kept: KeptAnswer) -> web.Response:
    content_type = "application/problem+json" if kept.status == 409 else "application/json"
    if not kept.body:
        return web.Response(status=kept.status, headers=kept.headers)
    return web.Response(body=kept.body.encode(), status=kept.status, headers=kept.headers, content_type=content_type)
