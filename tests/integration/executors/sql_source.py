"""A data source for jobs: a PostgreSQL of its own, and executors that run one query."""

import asyncio
import gc
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from cluster.servers import Servers
from foliot.worker.executors.attempt import Result
from foliot.worker.executors.datasources import Datasource
from foliot.worker.executors.sql.text_connection import TextConnection
from foliot.worker.executors.sql_query import SqlQueryExecutor
from foliot.worker.output import Output
from integration.executors.making import make_attempt

PASSWORD = "SECRET"

SETUP = f"""
    CREATE ROLE tenant LOGIN PASSWORD '{PASSWORD}';
    CREATE TABLE items (id INT PRIMARY KEY, name TEXT);
    INSERT INTO items SELECT n, 'item ' || n FROM generate_series(1, 3000) AS n;
    CREATE TABLE parents (id INT PRIMARY KEY);
    CREATE TABLE children (parent INT REFERENCES parents DEFERRABLE INITIALLY DEFERRED);
    CREATE TYPE pair AS (a INT, b TEXT);
    CREATE TYPE mood AS ENUM ('sad', 'happy');
    CREATE DOMAIN counted AS INT CHECK (VALUE > 0);
    CREATE DOMAIN document AS JSONB;
    CREATE TYPE span AS RANGE (SUBTYPE = TIME);
    CREATE EXTENSION hstore;
    CREATE TABLE own (id INT PRIMARY KEY);
    ALTER TABLE own OWNER TO tenant;
    CREATE PROCEDURE committing() LANGUAGE plpgsql AS $$BEGIN INSERT INTO own VALUES (77); COMMIT; END$$;
    GRANT ALL ON items, parents, children TO tenant;
    GRANT CREATE, USAGE ON SCHEMA public TO tenant;
"""


def source(servers: Servers, **changes: Any) -> Datasource:
    where = servers.database_url.rpartition("@")[2]
    given = {"url": f"postgresql://tenant:{PASSWORD}@{where}", "max_connections": 1}
    return Datasource(**(given | changes))


@asynccontextmanager
async def executing(servers: Servers, **changes: Any) -> AsyncIterator[SqlQueryExecutor]:
    async with SqlQueryExecutor({"own": source(servers, **changes)}) as executor:
        yield executor


async def ran(executor: SqlQueryExecutor, query: str, *params: Any, **fields: Any) -> tuple[Result, str]:
    output = Output()
    attempt = make_attempt("sql_query", fields=fields, datasource="own", query=query, params=list(params))
    async with asyncio.timeout(20):
        result = await executor.run(attempt, output)
    return result, output.text()


async def rows(executor: SqlQueryExecutor, query: str, *params: Any) -> list[Any]:
    result, log = await ran(executor, query, *params)
    assert result == Result(succeeded=True), result
    return [json.loads(line) for line in log.splitlines()]


async def value(executor: SqlQueryExecutor, expression: str, *params: Any) -> Any:
    ((row,),) = [list(row.values()) for row in await rows(executor, f"SELECT {expression}", *params)]
    return row


def open_connections() -> list[Any]:
    return [one for one in gc.get_objects() if type(one) is TextConnection and not one.is_closed()]
