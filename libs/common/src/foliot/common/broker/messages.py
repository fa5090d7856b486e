"""Messages in RabbitMQ, as tagged frozen Structs. New fields are optional, so that releases N and N-1 understand each
other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Dispatched(msgspec.Struct, frozen=True, array_like=True):
    """One execution that a worker shall claim. Its time is in microseconds since 1970."""

    execution_id: int
    scheduled_time_us: int
    job_id: int
    attempt_number: int


class Dispatch(msgspec.Struct, frozen=True, tag="dispatch"):
    """Executions of one pool and priority class, 1 to 250. One without any is unreadable: nothing would ever ack it."""

    executions: Annotated[list[Dispatched], msgspec.Meta(min_length=1)]


class DeadLetter(msgspec.Struct, frozen=True, tag="dead_letter"):
    """The copy of a row of dead_letters, for other consumers."""

    execution_id: int
    job_id: int
    scheduled_time_us: int
    attempt_number: int
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
    """Raises msgspec.DecodeError (a ValidationError is one) for a body that is no dispatch."""
    return _dispatch.decode(body)


def decode_dead_letter(body: bytes) -> DeadLetter:
    """Raises msgspec.DecodeError for a body that is no dead letter."""
    return _dead_letter.decode(body)
