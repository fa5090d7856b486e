"""History: every change of a row of executions, of jobs and of the floor of history, written by triggers of the simulation's database.

A change that was rolled back is not in it, so it holds what PostgreSQL committed, whichever statement did it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import asyncpg
import msgspec

SETUP = """
CREATE TABLE pinned.history (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, pid INT NOT NULL, xid BIGINT NOT NULL, what TEXT NOT NULL,
    at TIMESTAMPTZ NOT NULL DEFAULT pinned.now(), was JSONB, now JSONB);
CREATE FUNCTION pinned.keep() RETURNS TRIGGER LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO pinned.history (pid, xid, what, was, now) VALUES (
        pg_backend_pid(), pg_current_xact_id()::text::bigint, TG_ARGV[0],
        CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END, CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END);
    RETURN NULL;
END $$;
CREATE TRIGGER kept AFTER INSERT OR UPDATE OR DELETE ON executions FOR EACH ROW EXECUTE FUNCTION pinned.keep('execution');
CREATE TRIGGER kept AFTER INSERT OR UPDATE OR DELETE ON jobs FOR EACH ROW EXECUTE FUNCTION pinned.keep('job');
CREATE TRIGGER kept AFTER UPDATE ON partition_floor FOR EACH ROW EXECUTE FUNCTION pinned.keep('floor');
"""


class Change(msgspec.Struct, frozen=True):
    """One committed change of one row. `was`: None if the row is new; `now`: None if it is gone."""

    seq: int
    pid: int
    xid: int
    what: str
    at: datetime
    was: dict[str, Any] | None
    now: dict[str, Any] | None


async def read_history(sql: asyncpg.Connection[asyncpg.Record], after: int) -> list[Change]:
    """The changes that were committed since the last look, in the order in which they were made."""
    rows = await sql.fetch(
        "SELECT seq, pid, xid, what, at, was, now FROM pinned.history WHERE seq > $1 ORDER BY seq", after
    )
    return [
        Change(row["seq"], row["pid"], row["xid"], row["what"], row["at"], _read(row["was"]), _read(row["now"]))
        for row in rows
    ]


def _read(value: str | None) -> dict[str, Any] | None:
    return None if value is None else msgspec.json.decode(value)
