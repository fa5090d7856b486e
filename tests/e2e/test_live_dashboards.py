"""Every expression of every dashboard and rule, asked of a Prometheus that scrapes a loaded cluster."""

from __future__ import annotations

import asyncio
import math
import re

from monitoring.dashboards import dashboards
from support.eventually import eventually
from support.monitoring import Watched

VARIABLES = {"$__rate_interval": "10s", "$__range": "1m", "$job_type": ".*"}


def expressions() -> list[str]:
    """With their variables expanded."""
    found = []
    for one in dashboards():
        for panel in one["panels"]:
            for target in panel["targets"]:
                expression = target["expr"]
                for variable, value in VARIABLES.items():
                    expression = expression.replace(variable, value)
                assert "$" not in expression
                found.append(expression)
    return found


async def load(watched: Watched) -> list[int]:
    """Each type of job, successes and failures, every second."""
    foliot = watched.foliot
    bodies = [
        {"payload": {"script": "true"}},
        {"payload": {"script": "exit 1"}, "retry_policy": {"max_retries": 1, "backoff_factor": 0}},
        {"job_type": "http_request", "payload": {"url": "http://127.0.0.1:9/"}, "retry_policy": {"max_retries": 0}},
        {"job_type": "sql_query", "payload": {"datasource": "none", "query": "SELECT 1"}},
    ]
    return [(await foliot.create(schedule="@every 1s", **body))["job_id"] for body in bodies]


async def test_every_expression_has_an_answer(watched: Watched) -> None:
    jobs = await load(watched)

    async def all_answered() -> None:
        """With a number: a quantile or ratio of nothing is none, and a rule's first evaluations may be that."""
        answers = await asyncio.gather(*(watched.monitoring.query(one) for one in expressions()))
        without = [
            one
            for one, samples in zip(expressions(), answers, strict=True)
            if all(math.isnan(float(sample["value"][1])) for sample in samples)
        ]
        assert without == []

    await eventually(all_answered, within=60, every=1)
    for job_id in jobs:
        await watched.foliot.call("DELETE", f"/v1/jobs/{job_id}")


async def test_every_recorded_series_is_there_and_no_rule_fails(watched: Watched) -> None:
    failures = await watched.monitoring.query("sum(prometheus_rule_evaluation_failures_total)")
    assert [sample["value"][1] for sample in failures] == ["0"]
    rules = " ".join(expressions())
    for name in set(re.findall(r"foliot:[a-z_:]+[a-z0-9]*", rules)):
        assert await watched.monitoring.query(name), name
