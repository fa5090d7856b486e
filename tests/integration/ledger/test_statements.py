"""Every statement of the repositories is one that PostgreSQL accepts, for the role that runs it."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

import pytest

import foliot.api.queries
import foliot.common.ledger
from foliot.common.ledger.postgres import Statements
from support.databases import TestDatabase

MODULES = [
    module
    for package in (foliot.common.ledger, foliot.api.queries)
    for info in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
    if hasattr(module := importlib.import_module(info.name), "SQL")
]


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.__name__.rpartition(".")[2])
async def test_prepares(module: object, database: TestDatabase) -> None:
    sql: Statements = module.SQL  # type: ignore[attr-defined]
    async with database.owner() as connection:
        for name in sorted(sql.names()):
            await connection.prepare(getattr(sql, name).sql, name=f"s_{name}")


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.__name__.rpartition(".")[2])
def test_query_name_is_method_name(module: object) -> None:
    sql: Statements = module.SQL  # type: ignore[attr-defined]
    methods = {
        name
        for _, cls in inspect.getmembers(module, inspect.isclass)
        if cls.__module__ == module.__name__  # type: ignore[attr-defined]
        for name, member in inspect.getmembers(cls, inspect.isfunction)
        if not name.startswith("_") and inspect.iscoroutinefunction(member)
    }
    assert methods == sql.names()
