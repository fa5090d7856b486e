"""Every statement of the repositories is one that PostgreSQL accepts, for the role that runs it."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

import pytest

import foliot.api.queries
import foliot.common.ledger
from foliot.common.ledger.statements import Statements
from support.databases import TestDatabase

MODULES = [
    module
    for package in (foliot.common.ledger, foliot.api.queries)
    for info in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
    if hasattr(module := importlib.import_module(info.name), "SQL")
]


READ_BY_NAME = {
    "cancel_open", "list_jobs", "list_jobs_of_set", "list_keyed_jobs", "list_open_jobs", "list_owned_jobs",
    "list_owned_sorted_jobs", "list_sorted_jobs", "lock_ending", "lock_restorable", "lock_visible", "release_waiting",
    "reserve_job_ids", "select_job", "select_keyed", "select_last_statuses", "select_payloads", "select_sizes",
    "select_owned_walk_end", "select_walk_end",
    "settle_jobs",
}  # fmt: skip
"""Statements whose rows nobody reads, and those that select all columns of jobs, which have no order of their own."""


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.__name__.rpartition(".")[2])
async def test_prepares_and_gives_the_columns_that_its_struct_has(module: object, database: TestDatabase) -> None:
    """Rows become Structs by position: a column that moves would be taken for its neighbour."""
    sql: Statements = module.SQL  # type: ignore[attr-defined]
    async with database.owner() as connection:
        for name in sorted(sql.names()):
            statement = getattr(sql, name)
            columns = [a.name for a in (await connection.prepare(statement.sql, name=f"s_{name}")).get_attributes()]
            if statement.row is not None:
                assert columns == list(statement.row.__struct_fields__), name
            else:
                assert len(columns) < 2 or name in READ_BY_NAME, f"{name} gives {columns}: name the Struct of its rows"


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
