"""Data sources: the databases that jobs may name, from the operator's file. Their URLs hold passwords and are never
shown.

{"demo": {"url": "postgresql://reader:...@db.example/sales", "read_only": true, "max_rows": 1000}}
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from foliot.common.model.payloads import decode
from foliot.common.model.payloads.checks import PayloadError

_Count = Annotated[int, Meta(ge=1)]


class DatasourceError(ValueError):
    """The file cannot be used; the message lists everything that is wrong with it."""


class Datasource(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One database, and the limits within which jobs may use it."""

    url: str
    read_only: bool = True
    """Statements run in a READ ONLY transaction. The role of the URL should have no more rights either."""
    transaction: bool = True
    """False, for a source that may be written to: statements run outside of a transaction, as VACUUM and procedures
    that commit need it. What such a statement did stands when it fails."""
    max_rows: Annotated[int, Meta(ge=1, le=100_000)] = 1_000
    statement_timeout: Annotated[float, Meta(gt=0)] | None = None
    """Seconds; counts where it is less than the attempt's timeout."""
    max_connections: _Count = 10
    """Connections that each worker opens at most."""
    max_uses: _Count = 1_000
    """Jobs that a connection serves one after another; 1 for a new connection each, at about 13 ms of CPU."""

    def __repr__(self) -> str:
        return f"Datasource(read_only={self.read_only}, max_rows={self.max_rows})"

    @property
    def problem(self) -> str | None:
        """The fault of the settings together, in words that do not show the URL; None if there is none."""
        if self.read_only and not self.transaction:
            return 'transaction: false needs "read_only": false; a transaction is what makes a source read-only'
        fault = self._url_fault()
        return f"url {fault}" if fault else None

    def _url_fault(self) -> str | None:
        try:
            parts = urlsplit(self.url)
            _ = parts.port
        except ValueError:
            return "is not a valid URL"
        if parts.scheme not in ("postgresql", "postgres"):
            return "must begin with postgresql://"
        return None if parts.path.strip("/") else "names no database: postgresql://user:password@host:port/database"


def load_datasources(path: str | Path | None) -> Mapping[str, Datasource]:
    """Read the data sources by name; none if there is no path. Raises DatasourceError."""
    if path is None:
        return {}
    try:
        content = msgspec.json.decode(Path(path).read_bytes(), type=dict[str, msgspec.Raw])
    except (OSError, msgspec.DecodeError) as error:
        raise DatasourceError(f"data sources in {path}: {error}") from error
    sources: dict[str, Datasource] = {}
    problems: list[str] = []
    for name, raw in content.items():
        try:
            decode("sql_query", {"datasource": name, "query": "SELECT 1"})
            sources[name] = source = msgspec.json.decode(raw, type=Datasource)
            if source.problem:
                problems.append(f"{name}: {source.problem}")
        except (PayloadError, msgspec.DecodeError) as error:
            problems.append(f"{name}: {error}")
    if problems:
        raise DatasourceError(f"data sources in {path}: {'; '.join(problems)}")
    return sources
