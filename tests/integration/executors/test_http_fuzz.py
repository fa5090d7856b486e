"""Some hundred hostile answers, drawn from a seed; `make fuzz SUITE=http` has thousands."""

from fuzz.http import campaign


async def test_hostile_answers() -> None:
    figures = await campaign(seed="short", answers=400)
    assert figures.faults == []
    assert figures.ended["succeeded"] > 50
    assert figures.ended["failed"] > 50
