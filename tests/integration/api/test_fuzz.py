"""A few hundred requests of `make fuzz`, which sends hundreds of thousands."""

from __future__ import annotations

from fuzz.campaign import Tally, run
from fuzz.surface import parameters_of, routes_of

from .conftest import Api


async def test_no_answer_is_a_500(api: Api) -> None:
    async def new_key() -> str:
        return await api.key_for("admin")

    port = api.client.port
    assert port is not None
    surface = await parameters_of(port, routes_of(), api.key)
    tally = Tally(None, {})
    await run(port, surface, tally, range(800), seed="a sample", new_key=new_key, progress=lambda _: None)
    assert tally.good, (tally.line(), tally.failures)
    assert tally.done == 800
    assert sum(tally.statuses[status] for status in ("200", "201")) > 50
