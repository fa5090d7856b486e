"""Configuration: the environment as one frozen Struct per service. All errors are listed at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from foliot.common.errors import ConfigError
from foliot.common.process.setting import PREFIX, Secret, Setting, settings, variable

_Config = TypeVar("_Config", bound=msgspec.Struct)


def load(config_type: type[_Config], environ: Mapping[str, str]) -> _Config:
    """Read `FOLIOT_<FIELD>` (or `FOLIOT_<FIELD>_FILE`, a file that holds the value) for each field of `config_type`.

    Raises ConfigError that lists every missing, wrong and unknown variable with its remedy.
    """
    known = list(settings(config_type))
    values: dict[str, Any] = {}
    errors: list[str] = []
    wrong: set[str] = set()
    for setting in known:
        try:
            if (text := _read(setting, environ)) is not None:
                values[setting.field] = setting.parse(text)
        except (OSError, ValueError) as error:
            wrong.add(setting.field)
            errors.append(_problem(setting, error, environ))
    errors += _too_large([setting for setting in known if setting.field not in wrong], values)
    errors += _unknown([setting.variable for setting in known], environ)
    if errors:
        raise ConfigError("; ".join(errors))
    return config_type(**values)


def _read(setting: Setting, environ: Mapping[str, str]) -> str | None:
    if setting.variable in environ:
        return environ[setting.variable]
    if path := environ.get(setting.variable + "_FILE"):
        return Path(path).read_text().strip()
    if setting.required:
        raise ValueError("is missing")
    return None


def _problem(setting: Setting, error: OSError | ValueError, environ: Mapping[str, str]) -> str:
    name = setting.variable
    if isinstance(error, OSError):
        return f"{name}_FILE: cannot read {error.filename}: {error.strerror}"
    if name in environ and setting.base is not Secret:
        return f"{name} is {environ[name]!r}: {setting.remedy}"
    is_set = name in environ or environ.get(name + "_FILE")
    return f"{name} {'has a wrong form' if is_set else 'is not set'}: {setting.remedy}"


def _too_large(right: list[Setting], values: Mapping[str, Any]) -> Iterator[str]:
    """Messages about settings that exceed a bound set by another setting, by its value or its default."""
    effective = {**{setting.field: setting.default for setting in right}, **values}
    for setting in right:
        bound = setting.at_most
        if bound and bound.of in effective and effective[setting.field] * bound.parts > effective[bound.of]:
            yield (
                f"{setting.variable} is {effective[setting.field]:g}: {setting.remedy}, "
                f"or raise {variable(bound.of)} from {effective[bound.of]:g}"
            )


def _unknown(variables: list[str], environ: Mapping[str, str]) -> Iterator[str]:
    files = {name + "_FILE" for name in variables}
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in files and name not in variables:
            similar = "".join(f" or write {known}" for known in difflib.get_close_matches(name, variables, n=1))
            yield f"{name} is not a variable of this service: remove it{similar}"
