"""A job type: what its payload is, how it is checked, and what it does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from foliot.common.model.payloads.checks import HALF_PAIR, SURROGATE, Check, PayloadError, Wrong
from foliot.common.model.type_words import must_be

_SHOWN_NAMES = 20
"""Names that one message lists at most."""
_SHOWN_ITEMS = 256
"""Elements of one list that are looked at one by one."""


class JobType(msgspec.Struct, frozen=True, kw_only=True):
    """A job type as it is registered: one `JOB_TYPE` in a module of this package.

    `payload`: the Struct of its payload. `checks`: field -> check, beyond the field's type. `succeeds`: when an
    attempt of it succeeds, for the reference. `public`: the API takes it."""

    name: str
    payload: type[msgspec.Struct]
    checks: Mapping[str, Check]
    does: str
    succeeds: str
    public: bool = True

    def decode(self, payload: object) -> msgspec.Struct:
        """The payload as its Struct. Raises PayloadError with every wrong field; paths begin with `payload`."""
        if not isinstance(payload, dict):
            raise PayloadError([("payload", "must be a JSON object")])
        try:
            decoded = msgspec.convert(payload, self.payload)
        except (msgspec.ValidationError, UnicodeEncodeError):  # of which msgspec names the first alone
            raise PayloadError(list(self._wrong_fields(payload))) from None
        checks = self.checks
        errors = [wrong for name in payload for wrong in checks[name](f"payload.{name}", getattr(decoded, name))]
        if errors:
            raise PayloadError(errors)
        return decoded

    def _wrong_fields(self, payload: Mapping[Any, Any]) -> Iterator[Wrong]:
        fields = {field.name: field for field in msgspec.structs.fields(self.payload)}
        for name in payload:
            if name not in fields:
                shown = SURROGATE.sub("\ufffd", str(name)[:64])
                yield f"payload.{shown}", f"unknown field; this job type takes {', '.join(fields)}"
        for name, field in fields.items():
            path = f"payload.{name}"
            if name in payload:
                yield from self._wrong_value(path, payload[name], field)
            elif field.required:
                yield path, "is required"

    def _wrong_value(self, path: str, given: Any, field: msgspec.structs.FieldInfo) -> Iterator[Wrong]:
        try:
            value = msgspec.convert(given, field.type)
        except msgspec.ValidationError as error:
            yield from _wrong_types(path, given, field, error)
        except UnicodeEncodeError:
            yield path, HALF_PAIR
        else:
            yield from self.checks[field.name](path, value)


def _wrong_types(
    path: str, value: object, field: msgspec.structs.FieldInfo, error: msgspec.ValidationError
) -> Iterator[Wrong]:
    """Each wrong element: msgspec names the first alone. Containers with element types hold texts."""
    if " - at `$" not in str(error):
        yield path, must_be(field.type)
    elif isinstance(value, Mapping):
        wrong = [ascii(str(name)[:64]) for name, item in value.items() if not isinstance(item, str)]
        yield path, f"must hold texts only; write the value of {', '.join(wrong[:_SHOWN_NAMES])} in quotes"
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value[:_SHOWN_ITEMS]):
            if not isinstance(item, str):
                yield f"{path}[{index}]", 'must be a text; write it in quotes, such as "204"'
