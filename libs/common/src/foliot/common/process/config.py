"""Environment -> one frozen Struct a service, with every error listed at once."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from foliot.common.errors import ConfigError

PREFIX = "FOLIOT_"
_Config = TypeVar("_Config", bound=msgspec.Struct)


class Secret(str):
    """A string that does not show itself in logs and tracebacks."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret(...)"


def load(config_type: type[_Config], environ: Mapping[str, str]) -> _Config:
    """Read `FOLIOT_<FIELD>` (or `FOLIOT_<FIELD>_FILE`, a file that holds the value) for each field of `config_type`.

    Raises ConfigError that lists every missing, wrong and unknown variable.
    """
    hints = typing.get_type_hints(config_type)
    values: dict[str, Any] = {}
    errors: list[str] = []
    for field in msgspec.structs.fields(config_type):
        name = PREFIX + field.name.upper()
        try:
            text = _read(name, environ)
            if text is not None:
                values[field.name] = _convert(text, hints[field.name])
            elif field.required:
                errors.append(f"{name} is not set")
        except ValueError as error:
            errors.append(f"{name}: {error}")
    errors += [f"{name} is not a variable of this service" for name in _unknown(config_type, environ)]
    if errors:
        raise ConfigError("; ".join(errors))
    try:
        return config_type(**values)
    except ValueError as error:
        raise ConfigError(str(error)) from None


def _read(name: str, environ: Mapping[str, str]) -> str | None:
    if name in environ:
        return environ[name]
    if path := environ.get(name + "_FILE"):
        try:
            return Path(path).read_text().strip()
        except OSError as error:
            raise ValueError(f"cannot read the file {path}: {error.strerror}") from None
    return None


def _unknown(config_type: type[msgspec.Struct], environ: Mapping[str, str]) -> list[str]:
    known = {PREFIX + field.name.upper() for field in msgspec.structs.fields(config_type)}
    known |= {name + "_FILE" for name in known}
    return sorted(name for name in environ if name.startswith(PREFIX) and name not in known)


def _flag(text: str) -> bool:
    try:
        return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[text.lower()]
    except KeyError:
        raise ValueError(f"{text!r} is neither true nor false") from None


def _number(text: str, parse: Callable[[str], Any], kind: str) -> Any:
    try:
        return parse(text)
    except ValueError:
        raise ValueError(f"{text!r} is not {kind}") from None


def _convert(text: str, hint: Any) -> Any:
    if isinstance(hint, types.UnionType):
        hint = next(option for option in typing.get_args(hint) if option is not types.NoneType)
    if hint is bool:
        return _flag(text)
    if hint is int:
        return _number(text, int, "a whole number")
    if hint is float:
        return _number(text, float, "a number")
    if typing.get_origin(hint) is tuple:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    return hint(text)
