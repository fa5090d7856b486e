"""What a job's `payload` may be, one Struct a job_type, and the check that the API and the worker share.

`decode(job_type, payload)` gives the Struct or raises `PayloadError` with every wrong field at once. Lengths
are in characters unless they say bytes. Whatever passes can be stored as JSONB (no NUL, no lone surrogate).
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from foliot.common.model.urls import MAX_URL, check_url

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
MAX_HEADERS: Final = 64
MAX_HEADER_VALUE: Final = 8_000
MAX_STATUSES: Final = 32
MAX_JSON_DEPTH: Final = 64
MAX_SCRIPT_BYTES: Final = 256 * 1024
MAX_QUERY_BYTES: Final = 128 * 1024
MAX_PARAMS: Final = 1_000
MAX_ARGS: Final = 256
MAX_ENV: Final = 256
MAX_ARGUMENT_BYTES: Final = 32 * 1024  # Linux refuses single strings above 128 KiB
MAX_COMMAND_BYTES: Final = 256 * 1024  # all args and env together; an eighth of Linux' default for both

# Set by the client library from the request itself, or by Foliot on every attempt.
RESERVED_HEADERS: Final = frozenset(
    {"connection", "content-length", "expect", "host", "http2-settings", "idempotency-key", "keep-alive"}
    | {"proxy-connection", "te", "traceparent", "trailer", "transfer-encoding", "upgrade"}
)
RESERVED_ENV: Final = frozenset({"PATH", "HOME", "TRACEPARENT"})

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_STATUS = re.compile(r"[1-5](xx|[0-9]{2})")
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_DATASOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_HALF_PAIR = "holds half of a surrogate pair; send valid Unicode"
_Texts = tuple[str, ...]
Wrong = tuple[str, str]
"""Field path (`payload.headers.X-A`) and what is wrong with it, with the remedy."""


class PayloadError(ValueError):
    """The payload does not fit its job_type; `errors` lists every wrong field."""

    def __init__(self, errors: list[Wrong]) -> None:
        super().__init__("; ".join(f"{field}: {message}" for field, message in errors))
        self.errors = errors


def _described(description: str, **schema: Any) -> Meta:
    return Meta(description=description, extra_json_schema=schema)


class HttpRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One HTTP request; the attempt succeeds when the answer's status matches `expected_status`."""

    url: Annotated[str, _described("http or https, without user:password@", maxLength=MAX_URL)]
    method: Annotated[str, _described("HTTP method", enum=METHODS)] = "GET"
    headers: Annotated[dict[str, str], _described("request headers", maxProperties=MAX_HEADERS)] = {}
    body: Annotated[Any, _described("null, text, or JSON (sent as application/json)")] = None
    expected_status: Annotated[_Texts, _described("204 or 2xx", minItems=1, maxItems=MAX_STATUSES)] = ("2xx",)
    follow_redirects: bool = False


class Script(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A text that an interpreter of the worker's machine runs; exit 0 is success."""

    script: Annotated[str, _described("the program's text", minLength=1, maxLength=MAX_SCRIPT_BYTES)]
    interpreter: Annotated[str, _described("absolute path of a program", pattern="^/")] = "/bin/sh"
    args: Annotated[_Texts, _described("arguments after the script", maxItems=MAX_ARGS)] = ()
    env: Annotated[dict[str, str], _described("further environment", maxProperties=MAX_ENV)] = {}


class SqlQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One statement on a data source that the worker's operator has named."""

    datasource: Annotated[str, _described("name of a data source", pattern=f"^{_DATASOURCE.pattern}$")]
    query: Annotated[str, _described("one SQL statement", minLength=1, maxLength=MAX_QUERY_BYTES)]
    params: Annotated[tuple[Any, ...], _described("values for $1, $2, ...", maxItems=MAX_PARAMS)] = ()


class Noop(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing to do. For benchmarks alone: the API refuses it, only the tables' owner can insert such a job."""


Payload = HttpRequest | Script | SqlQuery | Noop
TYPES: Final[dict[str, type[Payload]]] = {
    "http_request": HttpRequest,
    "script": Script,
    "sql_query": SqlQuery,
}


def decode(job_type: str, payload: object) -> Payload:
    """Return the payload as the Struct of its job_type.

    Raises `PayloadError`; its paths begin with `payload`, or are `job_type` if that is unknown.
    """
    struct: type[Payload] | None = Noop if job_type == "noop" else TYPES.get(job_type)
    if struct is None:
        raise PayloadError([("job_type", f"unknown job type; use {', '.join(TYPES)}")])
    if not isinstance(payload, dict):
        raise PayloadError([("payload", "must be a JSON object")])
    try:
        decoded = msgspec.convert(payload, struct)
    except (msgspec.ValidationError, UnicodeEncodeError):  # of which msgspec names the first alone
        raise PayloadError(list(_wrong_fields(struct, payload))) from None
    errors = [wrong for name in payload for wrong in _CHECKS[name](f"payload.{name}", getattr(decoded, name))]
    if errors:
        raise PayloadError(errors)
    return decoded


@cache
def _fields(struct: type[Payload]) -> dict[str, msgspec.structs.FieldInfo]:
    return {field.name: field for field in msgspec.structs.fields(struct)}


def _wrong_fields(struct: type[Payload], payload: Mapping[Any, Any]) -> Iterator[Wrong]:
    fields = _fields(struct)
    for name in payload:
        if name not in fields:
            shown = _SURROGATE.sub("\ufffd", str(name)[:64])
            yield f"payload.{shown}", f"unknown field; this job type takes {', '.join(fields)}"
    for name, field in fields.items():
        path = f"payload.{name}"
        if name not in payload:
            if field.required:
                yield path, "is required"
            continue
        try:
            value = msgspec.convert(payload[name], field.type)
        except msgspec.ValidationError as error:
            yield from _wrong_types(path, payload[name], error)
        except UnicodeEncodeError:
            yield path, _HALF_PAIR
        else:
            yield from _CHECKS[name](path, value)


def _wrong_types(path: str, value: object, error: msgspec.ValidationError) -> Iterator[Wrong]:
    """Name each wrong element: msgspec names the first alone. Containers with element types hold texts."""
    message, _, place = str(error).partition(" - at `$")
    if not place:
        yield path, message[:1].lower() + message[1:]
    elif isinstance(value, Mapping):
        wrong = [ascii(str(name)[:64]) for name, item in value.items() if not isinstance(item, str)]
        yield path, f"must hold texts only; write the value of {', '.join(wrong[:20])} in quotes"
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value[:MAX_ARGS]):
            if not isinstance(item, str):
                yield f"{path}[{index}]", 'must be a text; write it in quotes, such as "204"'


def _check_method(path: str, method: str) -> Iterator[Wrong]:
    if method not in METHODS:
        yield path, f"must be one of {', '.join(METHODS)}"


def _check_headers(path: str, headers: dict[str, str]) -> Iterator[Wrong]:
    if len(headers) > MAX_HEADERS:
        yield path, f"has more than {MAX_HEADERS} headers"
        return
    seen: set[str] = set()
    for name, value in headers.items():
        key = name.lower()
        if not _TOKEN.fullmatch(name):
            yield path, f"{name[:64]!a} is not a header name; use letters, digits and hyphens"
            continue
        if key in RESERVED_HEADERS or key.startswith("x-foliot-"):
            yield f"{path}.{name}", "is set by Foliot; leave it out"
        if key in seen:
            yield f"{path}.{name}", "is given twice; names do not differ by case"
        seen.add(key)
        if _CONTROL.search(value) or _SURROGATE.search(value):
            yield f"{path}.{name}", "must not contain line breaks or other control characters"
        if len(value) > MAX_HEADER_VALUE:
            yield f"{path}.{name}", f"is longer than {MAX_HEADER_VALUE} characters"


def _check_expected_status(path: str, statuses: tuple[str, ...]) -> Iterator[Wrong]:
    if not 0 < len(statuses) <= MAX_STATUSES:
        yield path, f"must list 1 to {MAX_STATUSES} statuses"
    for index, status in enumerate(statuses[:MAX_STATUSES]):
        if not _STATUS.fullmatch(status):
            yield f"{path}[{index}]", 'must be a class such as "2xx" or a status such as "204"'


def _check_text(path: str, text: str, max_bytes: int, *, required: bool = False) -> Iterator[Wrong]:
    if required and not text.strip():
        yield path, "must not be empty"
    elif not text.isascii() and _SURROGATE.search(text):
        yield path, _HALF_PAIR
    elif "\0" in text:
        yield path, "must not contain NUL characters"
    elif len(text) > max_bytes or (not text.isascii() and len(text.encode()) > max_bytes):
        yield path, f"is longer than {max_bytes} bytes"


def _check_interpreter(path: str, interpreter: str) -> Iterator[Wrong]:
    if not interpreter.startswith("/"):
        yield path, "must be an absolute path, such as /bin/sh or /usr/bin/env"
    yield from _check_text(path, interpreter, 1_024)


def _check_args(path: str, args: tuple[str, ...]) -> Iterator[Wrong]:
    if len(args) > MAX_ARGS:
        yield path, f"has more than {MAX_ARGS} arguments"
    for index, argument in enumerate(args[:MAX_ARGS]):
        yield from _check_text(f"{path}[{index}]", argument, MAX_ARGUMENT_BYTES)
    yield from _check_sum(path, args)


def _check_env(path: str, env: dict[str, str]) -> Iterator[Wrong]:
    if len(env) > MAX_ENV:
        yield path, f"has more than {MAX_ENV} variables"
        return
    for name, value in env.items():
        if not _ENV_NAME.fullmatch(name):
            yield path, f"{name[:64]!a} is not a variable name; use letters, digits and underscores"
            continue
        if name in RESERVED_ENV or name.startswith("FOLIOT_"):
            yield f"{path}.{name}", "is set by Foliot; choose another name"
        yield from _check_text(f"{path}.{name}", value, MAX_ARGUMENT_BYTES)
    yield from _check_sum(path, env.values())


def _check_sum(path: str, texts: Iterable[str]) -> Iterator[Wrong]:
    if sum(len(text.encode(errors="replace")) for text in texts) > MAX_COMMAND_BYTES // 2:
        yield path, f"is longer than {MAX_COMMAND_BYTES // 2} bytes in all; read it from a file or a service"


def _check_datasource(path: str, name: str) -> Iterator[Wrong]:
    if not _DATASOURCE.fullmatch(name):
        yield path, "must be the name of a data source of the worker (letters, digits, . _ -)"


def _check_params(path: str, params: tuple[Any, ...]) -> Iterator[Wrong]:
    if len(params) > MAX_PARAMS:
        yield path, f"has more than {MAX_PARAMS} values"
    yield from _check_json(path, params)


def _check_json(path: str, value: Any) -> Iterator[Wrong]:
    """Say once each what JSONB or the wire could not carry."""
    if isinstance(value, str):
        yield from _check_text(path, value, 2**30)
        return
    found: set[str] = set()
    left = [(value, 0)]
    while left:
        item, depth = left.pop()
        if depth > MAX_JSON_DEPTH:
            found.add(f"is nested deeper than {MAX_JSON_DEPTH} levels")
        elif isinstance(item, Mapping):
            left += [(part, depth + 1) for pair in item.items() for part in pair]
        elif isinstance(item, (list, tuple)):
            left += [(part, depth + 1) for part in item]
        elif isinstance(item, str):
            found.update(message for _, message in _check_text(path, item, 2**30))
        elif isinstance(item, float) and not math.isfinite(item):
            found.add("holds a number that JSON cannot write")
    for message in sorted(found):
        yield path, message


_CHECKS: Final[Mapping[str, Callable[[str, Any], Iterable[Wrong]]]] = {
    "url": check_url,
    "method": _check_method,
    "headers": _check_headers,
    "body": _check_json,
    "expected_status": _check_expected_status,
    "follow_redirects": lambda _path, _value: (),
    "script": lambda path, text: _check_text(path, text, MAX_SCRIPT_BYTES, required=True),
    "interpreter": _check_interpreter,
    "args": _check_args,
    "env": _check_env,
    "datasource": _check_datasource,
    "query": lambda path, text: _check_text(path, text, MAX_QUERY_BYTES, required=True),
    "params": _check_params,
}
