"""The client's two transports against the API."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from api.conftest import SCRIPT, Api

from foliot.client import operations, types
from foliot.client.aio import AsyncClient
from foliot.client.errors import Away, Refused
from foliot.client.http import Client
from foliot.client.waiting import until_ended


async def test_a_job_comes_back_in_its_type(api: Api, address: str) -> None:
    async with AsyncClient(address, api.key) as client:
        job = await client.send(operations.create_job(SCRIPT | {"labels": {"made": "by client"}}))
        assert isinstance(job, types.ScriptJob)
        assert job.payload.script == "true"
        same = await client.send(operations.get_job(job.job_id))
        assert same == job
        assert await client.send(operations.delete_job(job.job_id)) is None
        with pytest.raises(Refused) as refused:
            await client.send(operations.get_job(job.job_id))
        assert (refused.value.status, refused.value.code) == (404, "not_found")


async def test_a_struct_is_a_body_and_what_it_leaves_out_is_not_sent(api: Api, address: str) -> None:
    asked = types.NewHttpRequestJob(
        job_name="typed",
        schedule="@daily",
        payload=types.HttpRequest(url="http://127.0.0.1/"),
        timezone="Europe/Berlin",
    )
    async with AsyncClient(address, api.key) as client:
        job = await client.send(operations.create_job(asked))
        assert isinstance(job, types.HttpRequestJob)
        assert (job.timezone, job.timeout_seconds, job.payload.url) == ("Europe/Berlin", 300, "http://127.0.0.1/")


async def test_the_blocking_transport_reads_every_page(api: Api, address: str) -> None:
    for number in range(5):
        await api.create(job_name=f"page {number}", labels={"of": "pages"})

    def listed() -> list[list[Any]]:
        with Client(address, api.key) as client:
            pages = client.pages(operations.list_jobs(limit=2, label={"of": "pages"}, sort="job_name"))
            return [[item.job_name for item in page.items] for page in pages]

    assert await asyncio.to_thread(listed) == [["page 0", "page 1"], ["page 2", "page 3"], ["page 4"]]


async def test_asyncio_reads_the_same_pages(api: Api, address: str) -> None:
    async with AsyncClient(address, api.key) as client:
        pages = client.pages(operations.list_jobs(limit=1, fields=["job_id"]))
        seen = [item.job_id async for page in pages for item in page.items]
    assert len(seen) == len(set(seen)) > 1


async def test_waiting_ends_with_the_attempt_or_with_patience(api: Api, address: str) -> None:
    job = await api.create(schedule="manual")
    async with AsyncClient(address, api.key) as client:
        attempt = await client.send(operations.run_job(job["job_id"]))
        with pytest.raises(Away, match="still QUEUED"):
            await client.wait(until_ended(attempt.execution_id, timeout=0.15))
        await client.send(operations.cancel_execution(attempt.execution_id))
        ended = await client.wait(until_ended(attempt.execution_id, timeout=5))
    assert ended.status == "CANCELLED"


async def test_nobody_there_is_away() -> None:
    async with AsyncClient("http://127.0.0.1:1", "k") as client:
        with pytest.raises(Away, match=r"127\.0\.0\.1:1"):
            await client.send(operations.run_job(1))
    with Client("http://127.0.0.1:1", "k") as blocking, pytest.raises(Away, match=r"127\.0\.0\.1:1"):
        await asyncio.to_thread(blocking.send, operations.list_workers())
