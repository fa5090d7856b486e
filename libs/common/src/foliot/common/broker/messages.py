"""Messages in RabbitMQ, as tagged frozen Structs. New fields are optional, so that releases N and N-1 understand each
other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
EARLIEST_US = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
LATEST_US = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
"""The times that Python has, in microseconds since 1970: PostgreSQL's reach farther."""
LARGEST_BODY = 262_144
"""Bytes of the longest message that is read: 250 executions take some 15,000. Decoding a longer one would hold up the
event loop."""

Key = Annotated[int, Meta(ge=1, le=2**63 - 1)]
"""A BIGINT key: PostgreSQL could not even be asked for a larger one."""
Microseconds = Annotated[int, Meta(ge=EARLIEST_US, le=LATEST_US)]
AttemptNumber = Annotated[int, Meta(ge=1, le=2**31 - 1)]


class Dispatched(msgspec.Struct, frozen=True, array_like=True):
    """One execution that a worker shall claim. Its time is in microseconds since 1970."""

    execution_id: Key
    scheduled_time_us: Microseconds
    job_id: Key
    attempt_number: AttemptNumber


class Dispatch(msgspec.Struct, frozen=True, tag="dispatch"):
    """Executions of one pool and priority class, 1 to 250. One without any is unreadable: nothing would ever ack it."""

    executions: Annotated[list[Dispatched], Meta(min_length=1)]


class DeadLetter(msgspec.Struct, frozen=True, tag="dead_letter"):
    """The copy of a row of dead_letters, for other consumers."""

    execution_id: Key
    job_id: Key
    scheduled_time_us: Microseconds
    attempt_number: AttemptNumber
    error_message: str | None = None


class Unreadable(msgspec.Struct, frozen=True, tag="unreadable", kw_only=True):
    """A message that could not be read, set aside in dead_letter_queue. `body` is the beginning of it, in base64."""

    queue: str
    reason: str
    error: str
    body: str


def to_microseconds(moment: datetime) -> int:
    """The wire form of an aware time: microseconds since 1970."""
    return round(moment.timestamp() * 1_000_000)


def from_microseconds(microseconds: int) -> datetime:
    """The aware time (UTC) of the wire form."""
    return _EPOCH + timedelta(microseconds=microseconds)


_encoder = msgspec.json.Encoder()
_dispatch = msgspec.json.Decoder(Dispatch)
_dead_letter = msgspec.json.Decoder(DeadLetter)


def encode(message: Dispatch | DeadLetter | Unreadable) -> bytes:
    return _encoder.encode(message)


def decode_dispatch(body: bytes) -> Dispatch:
    """Raises msgspec.DecodeError (a ValidationError is one) for a body that is no dispatch, RecursionError for one that
    is nested too deeply."""
    if len(body) > LARGEST_BODY:
        raise msgspec.DecodeError(f"the message has {len(body)} bytes, at most {LARGEST_BODY} are read")
    return _dispatch.decode(body)


def decode_dead_letter(body: bytes) -> DeadLetter:
    """Raises msgspec.DecodeError for a body that is no dead letter."""
    return _dead_letter.decode(body)
