"""Breaking changes between two descriptions of the API: what a client that was written for the old one would notice.

A request must be taken as before, so its schema may only grow wider. An answer must be read as before, so it keeps its
members and their types.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]
ROLES = ("viewer", "runner", "operator", "admin")
_MOST = ("maximum", "maxLength", "maxItems", "maxProperties")
_LEAST = ("minimum", "exclusiveMinimum", "minLength", "minItems")


def breaking(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """A sentence for each breaking change, without doubles."""
    olds, news = _operations(old), _operations(new)
    found: list[str] = []
    for name, operation in olds.items():
        if name not in news:
            found.append(f"{name}: the operation is removed")
            continue
        compared = _Comparison(old, new)
        found += (f"{name}: {words}" for words in compared.operation(operation, news[name]))
    return list(dict.fromkeys(found))


def _operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The names in a path do not count: nobody sends them."""
    return {
        f"{method.upper()} {re.sub(r'{[^}]*}', '{}', path)}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


class _Comparison:
    """Of one operation in two descriptions. A pair of shapes is compared once in each direction."""

    def __init__(self, old: dict[str, Any], new: dict[str, Any]) -> None:
        self._old, self._new = old, new
        self._seen: set[tuple[str, str, bool]] = set()

    def operation(self, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
        if old["operationId"] != new["operationId"]:
            yield f"its name {old['operationId']} is now {new['operationId']}"
        if ROLES.index(new.get("x-role", "viewer")) > ROLES.index(old.get("x-role", "viewer")):
            yield f"it needs the role {new['x-role']}"
        yield from self._parameters(old, new)
        yield from self._body(old.get("requestBody"), new.get("requestBody"))
        for status, answer in old["responses"].items():
            if status not in new["responses"]:
                yield f"the answer {status} is removed"
            elif int(status) < 400:
                yield from self._answer(status, answer, new["responses"][status])

    def _parameters(self, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
        olds = {(one["in"], one["name"]): one for one in old["parameters"] if one["in"] != "path"}
        news = {(one["in"], one["name"]): one for one in new["parameters"] if one["in"] != "path"}
        for key, parameter in olds.items():
            if key not in news:
                yield f"the parameter {key[1]} is removed"
            else:
                yield from self.schema(parameter["schema"], news[key]["schema"], key[1], asked=True)
        for key, parameter in news.items():
            if parameter.get("required") and not olds.get(key, {}).get("required"):
                yield f"the parameter {key[1]} is newly required"

    def _body(self, old: dict[str, Any] | None, new: dict[str, Any] | None) -> Iterator[str]:
        if old is None or new is None:
            if old is not None:
                yield "its body is removed"
            elif new is not None and new["required"]:
                yield "a body is newly required"
            return
        if new["required"] and not old["required"]:
            yield "a body is newly required"
        for kind, content in old["content"].items():
            if kind not in new["content"]:
                yield f"{kind} is not taken any more"
            else:
                yield from self.schema(content["schema"], new["content"][kind]["schema"], "body", asked=True)

    def _answer(self, status: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
        for name in old.get("headers", {}):
            if name not in new.get("headers", {}):
                yield f"the header {name} of {status} is removed"
        for kind, content in old.get("content", {}).items():
            if kind not in new.get("content", {}):
                yield f"{kind} of {status} is removed"
            else:
                yield from self.schema(content["schema"], new["content"][kind]["schema"], status, asked=False)

    def schema(self, old: Schema, new: Schema, at: str, *, asked: bool) -> Iterator[str]:
        """`asked`: of a request."""
        olds, news = _choices(old, self._old), _choices(new, self._new)
        if asked and (lost := sorted(olds.keys() - news.keys())) and not _anything(news):
            yield f"{at} may not be {' or '.join(lost)} any more"
        if not asked and (more := sorted(news.keys() - olds.keys())) and not _anything(olds):
            yield f"{at} may also be {' or '.join(more)}"
        for kind in olds.keys() & news.keys():
            pair = old.get("$ref", "") + kind, new.get("$ref", "") + kind, asked
            if "$ref" in old and pair in self._seen:
                continue
            self._seen.add(pair)
            yield from self._alike(olds[kind], news[kind], at, asked=asked)

    def _alike(self, old: Schema, new: Schema, at: str, *, asked: bool) -> Iterator[str]:
        """Two schemas of one type."""
        if asked:
            yield from _narrower(old, new, at)
        for name in ("items", "additionalProperties"):
            if isinstance(old.get(name), dict) and isinstance(new.get(name), dict):
                yield from self.schema(old[name], new[name], f"{at}[]", asked=asked)
        olds, news = old.get("properties", {}), new.get("properties", {})
        for name, member in olds.items():
            if name not in news:
                yield f"{at}.{name} is removed"
            else:
                yield from self.schema(member, news[name], f"{at}.{name}", asked=asked)
        was, is_now = set(old.get("required", ())), set(new.get("required", ()))
        if asked:
            yield from (f"{at}.{name} is newly required" for name in sorted(is_now - was))
        else:
            yield from (f"{at}.{name} may be missing" for name in sorted((was - is_now) & news.keys()))


def _narrower(old: Schema, new: Schema, at: str) -> Iterator[str]:
    """Values that were taken and are no longer."""
    if "enum" in new:
        lost = [value for value in old.get("enum", ()) if value not in new["enum"]]
        if lost or "enum" not in old:
            yield f"{at} may not be {', '.join(lost) or 'any text'} any more"
    for name in _MOST:
        if name in new and new[name] < old.get(name, float("inf")):
            yield f"{at}: {name} is {new[name]} instead of {old.get(name, 'unbounded')}"
    for name in _LEAST:
        if name in new and new[name] > old.get(name, float("-inf")):
            yield f"{at}: {name} is {new[name]} instead of {old.get(name, 'unbounded')}"
    if new.get("pattern", old.get("pattern")) != old.get("pattern"):
        yield f"{at}: its pattern is another one"
    if new.get("additionalProperties") is False is not old.get("additionalProperties"):
        yield f"{at} may not have other members any more"


def _choices(schema: Schema, document: dict[str, Any]) -> dict[str, Schema]:
    """kind -> schema: the alternatives of a schema. Objects of a union are told apart by their names."""
    if "$ref" in schema:
        return _choices(document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], document)
    found: dict[str, Schema] = {}
    alternatives = schema.get("anyOf") or schema.get("oneOf")
    if alternatives is None:
        return {schema.get("type", "anything"): schema}
    objects = sum("$ref" in one for one in alternatives)
    for one in alternatives:
        inner = _choices(one, document)
        name = one.get("$ref", "").rpartition("/")[2]
        found |= {name: inner["object"]} if objects > 1 and "object" in inner else inner
    return found


def _anything(choices: dict[str, Schema]) -> bool:
    return "anything" in choices
