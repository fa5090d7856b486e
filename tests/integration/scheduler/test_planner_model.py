"""A sample of `make planner-model`: the same stories each time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from planning.machine import story_of
from planning.world import World
from support.databases import TestDatabase


@pytest.fixture
def world(database: TestDatabase) -> Iterator[World]:
    opened = World(database)
    opened.run(opened.open())
    yield opened
    opened.close()


def test_the_ledger_says_what_the_model_says(world: World) -> None:
    run_state_machine_as_test(
        story_of(world),
        settings=settings(
            max_examples=25, stateful_step_count=30, derandomize=True, deadline=None, database=None,
            suppress_health_check=list(HealthCheck), phases=[Phase.generate],
        ),
    )  # fmt: skip
