"""sql_query: one statement on a data source that the worker's operator has named."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Final

import msgspec

from foliot.common.model.payloads.checks import Wrong, check_json, check_text, described
from foliot.common.model.payloads.job_type import JobType

MAX_QUERY_BYTES: Final = 128 * 1024
MAX_PARAMS: Final = 1_000
_DATASOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")


class SqlQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The statement to run."""

    datasource: Annotated[str, described("name of a data source", pattern=f"^{_DATASOURCE.pattern}$")]
    query: Annotated[str, described("one SQL statement", minLength=1, maxLength=MAX_QUERY_BYTES)]
    params: Annotated[
        tuple[Any, ...],
        described(
            "values for $1, $2, ...; a number with more digits than a float holds is written as text",
            maxItems=MAX_PARAMS,
        ),
    ] = ()


def _check_datasource(path: str, name: str) -> Iterator[Wrong]:
    if not _DATASOURCE.fullmatch(name):
        yield path, "must be the name of a data source of the worker (letters, digits, . _ -)"


def _check_params(path: str, params: tuple[Any, ...]) -> Iterator[Wrong]:
    if len(params) > MAX_PARAMS:
        yield path, f"has more than {MAX_PARAMS} values"
    yield from check_json(path, params)


JOB_TYPE: Final = JobType(
    name="sql_query",
    payload=SqlQuery,
    does="Runs one statement on a data source that the worker's operator has named.",
    succeeds="the statement ran",
    checks={
        "datasource": _check_datasource,
        "query": lambda path, text: check_text(path, text, MAX_QUERY_BYTES, required=True),
        "params": _check_params,
    },
)
