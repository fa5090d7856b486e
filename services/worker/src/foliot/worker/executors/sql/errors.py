"""Failures of a statement in words: those for the job's readers, and those for Foliot's own log, without its values."""

import re
from typing import Final

import asyncpg

from foliot.worker.executors.attempt import Result
from foliot.worker.executors.datasources import Datasource
from foliot.worker.executors.sql.params import ParameterError

_PARAMETER: Final = re.compile(r"parameter \$\d+")
_NO_TRANSACTION: Final = ("25001", "2D000")
"""SQLSTATEs of a statement that cannot run in a transaction (VACUUM), and of a COMMIT in one that is not its own."""
_READ_ONLY: Final = "25006"
_MAX_MESSAGE: Final = 1_000


class AnswerTooLargeError(Exception):
    """The server sent more than one job may take."""

    def __init__(self, megabytes: int, *, final: bool) -> None:
        super().__init__(f"the answer is larger than {megabytes} MiB; select fewer or shorter columns")
        self.final = final


def failed(error: Exception, source: Datasource) -> Result:
    """The end of an attempt whose statement did not succeed; final where the same statement fails for ever."""
    match error:
        case asyncpg.PostgresError():
            return _refused(error, source)
        case TimeoutError():
            text = log = "no answer of the data source in time"
        case OSError():
            text = log = f"no connection to the data source: {error}"
        case _:
            text, log = str(error), type(error).__name__
    final = isinstance(error, ParameterError) or (isinstance(error, AnswerTooLargeError) and error.final)
    return Result(succeeded=False, error_message=text[:_MAX_MESSAGE], log_error=log[:_MAX_MESSAGE], final=final)


def _refused(error: asyncpg.PostgresError, source: Datasource) -> Result:
    state = error.sqlstate or ""
    text = f"{state}: {error.args[0] if error.args else type(error).__name__}"
    parameter = _PARAMETER.search(getattr(error, "context", None) or "")
    text += f" ({parameter[0]})" if parameter else ""
    hint = getattr(error, "hint", None) or _remedy(state, source)
    text += f" (hint: {hint})" if hint else ""
    return Result(
        succeeded=False,
        error_message=text[:_MAX_MESSAGE],
        log_error=f"{state} {type(error).__name__}",
        final=state.startswith("42") or state in _NO_TRANSACTION or (state == _READ_ONLY and source.read_only),
    )


def _remedy(state: str, source: Datasource) -> str | None:
    if state in _NO_TRANSACTION and source.transaction:
        return 'the statement cannot run in a transaction; it needs a data source with "transaction": false'
    if state == _READ_ONLY and source.read_only:
        return 'the data source is read-only; writing needs one with "read_only": false'
    return None
