"""The rows that a statement reads: its plan, run and rolled back, as a generic and as a custom plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
import orjson

from support.ledger import Sql


class Reading(msgspec.Struct, frozen=True):
    """`pages` of tables and indexes touched, `rows` looked at by scans, and the plan for people."""

    pages: int
    rows: int
    plan: str


async def read(connection: Sql, sql: str, arguments: Sequence[Any], mode: str) -> Reading:
    """Run `sql` under plan_cache_mode `mode`, leave no trace."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute(f"SET LOCAL plan_cache_mode = {mode}")
        await connection.execute(f"PREPARE statement AS {sql}")
        call = f"({', '.join(map(_literal, arguments))})" if arguments else ""
        explained = await connection.fetchval(
            f"EXPLAIN (ANALYZE, BUFFERS, TIMING off, FORMAT JSON) EXECUTE statement {call}"
        )
    finally:
        await transaction.rollback()
        await connection.execute("DEALLOCATE statement")
    top = orjson.loads(explained)[0]["Plan"]
    return Reading(
        top["Shared Hit Blocks"] + top["Shared Read Blocks"],
        round(sum(_looked_at(node) for node in _nodes(top) if "Relation Name" in node or "Index Name" in node)),
        "\n".join(_lines(top)),
    )


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", []):
        yield from _nodes(child)


def _looked_at(node: dict[str, Any]) -> float:
    if not node["Node Type"].endswith("Scan"):
        return 0
    removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return float((node["Actual Rows"] + removed) * node["Actual Loops"])


def _lines(node: dict[str, Any], depth: int = 0) -> Iterator[str]:
    if node["Actual Loops"]:
        what = node.get("Index Name") or node.get("Relation Name") or ""
        conditions = " ".join(f"{name}={node[name]}" for name in ("Index Cond", "Filter") if name in node)[:200]
        yield f"{'  ' * depth}{node['Node Type']} {what} rows={node['Actual Rows']} loops={node['Actual Loops']} {conditions}"
    for child in node.get("Plans", []):
        yield from _lines(child, depth + 1)


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list):
        return "'{" + ",".join("NULL" if v is None else '"' + _text(v).replace('"', '\\"') + '"' for v in value) + "}'"
    return "'" + _text(value) + "'"


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return orjson.dumps(value).decode()
    return value.isoformat() if isinstance(value, datetime) else str(value).replace("'", "''")
