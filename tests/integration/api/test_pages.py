"""The pages: read without a key, from this server alone, and every link of them leads somewhere."""

from __future__ import annotations

import gzip
import json
import re
from typing import Any

import pytest

from foliot.api.operations.table import OPERATIONS
from foliot.api.web.error_codes import ERROR_CODES
from support.described import DOCUMENT

from .conftest import Api

PAGES = ("/docs", "/docs/reference", "/docs/errors")


async def fetched(api: Api, path: str, **headers: str) -> tuple[int, Any, str]:
    async with api.client.request("GET", path, headers=headers) as response:
        return response.status, response.headers, await response.text()


async def test_the_start_and_every_wrong_path_point_to_the_reference(api: Api) -> None:
    status, _, text = await fetched(api, "/")
    assert (status, "/docs/reference" in text) == (200, True)
    for path in ("/nothing", "/docs/nothing"):
        status, _, text = await fetched(api, path)
        assert (status, "/docs/reference" in text) == (404, True)
    status, problem, _ = await api.call("GET", "/v1/nothing")
    assert (status, "/docs/reference" in problem["detail"]) == (404, True)


async def test_no_path_below_v1_is_open(api: Api) -> None:
    for operation in OPERATIONS:
        path = re.sub(r"\{\w+\}", "1", operation.path)
        async with api.client.request(operation.method, path) as response:
            assert response.status == 401, path


async def test_the_served_description_is_the_committed_one(api: Api) -> None:
    async with api.client.get("/openapi.json") as response:
        assert await response.json() == json.loads(DOCUMENT.read_text())


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_asks_this_server_alone(api: Api, path: str) -> None:
    status, headers, text = await fetched(api, path)
    assert status == 200
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert not re.search(r"https?:|\*|script-src[^;]*unsafe", policy)
    assert "<script>" not in text
    assert not re.search(r"<style|\sstyle=|\son\w+=", text)
    loaded = re.findall(r'<(?:link|script)[^>]* (?:href|src)="([^"]*)"', text)
    assert loaded
    for asset in loaded:
        assert asset.startswith("/docs/assets/")
        status, headers, _ = await fetched(api, asset)
        assert (status, "immutable" in headers["Cache-Control"]) == (200, True)


async def test_the_pages_without_a_script_have_none(api: Api) -> None:
    for path in PAGES[1:]:
        _, headers, text = await fetched(api, path)
        assert "<script" not in text
        assert "script-src" not in headers["Content-Security-Policy"]


async def test_every_operation_and_every_error_has_its_place(api: Api) -> None:
    _, _, reference = await fetched(api, "/docs/reference")
    _, _, errors = await fetched(api, "/docs/errors")
    for operation in OPERATIONS:
        assert f'id="{operation.id}"' in reference
    for code in ERROR_CODES:
        assert f'id="{code}"' in errors
    places = {"/docs/reference": reference, "/docs/errors": errors}
    links = [(path, link) for path, text in places.items() for link in re.findall(r'href="([^"]+)"', text)]
    assert len(links) > 300
    for path, link in links:
        target, _, anchor = link.partition("#")
        if anchor:
            assert f'id="{anchor}"' in places[target or path], link


async def test_the_type_of_a_problem_leads_to_its_code(api: Api) -> None:
    _, problem, _ = await api.call("GET", "/v1/jobs/987654321")
    target, _, anchor = problem["type"].partition("#")
    status, _, text = await fetched(api, target)
    assert (status, f'id="{anchor}"' in text, anchor) == (200, True, "not_found")


async def test_an_asset_is_small_on_the_way(api: Api) -> None:
    _, _, page = await fetched(api, "/docs")
    (bundle,) = re.findall(r'src="(/docs/assets/swagger_bundle[^"]*)"', page)
    async with api.client.request(
        "GET", bundle, headers={"Accept-Encoding": "gzip"}, auto_decompress=False
    ) as response:  # type: ignore[call-arg]
        body = await response.read()
    assert len(body) < 500_000 < len(gzip.decompress(body))
