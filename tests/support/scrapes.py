"""Samples that the processes of a Foliot show at /metrics."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from prometheus_client.parser import text_string_to_metric_families

from support.foliot import Foliot


class Scrape:
    """Samples of one or several processes, added up by name and label."""

    def __init__(self, *texts: str) -> None:
        self._samples: defaultdict[str, list[tuple[dict[str, str], float]]] = defaultdict(list)
        for text in texts:
            for family in text_string_to_metric_families(text):
                for sample in family.samples:
                    self._samples[sample.name].append((sample.labels, sample.value))

    @property
    def names(self) -> set[str]:
        return set(self._samples)

    def sum(self, name: str, **labels: str) -> float:
        """Over all series with these labels; fails if there is none."""
        values = [value for own, value in self._samples[name] if own.items() >= labels.items()]
        assert values, f"no series {name} {labels}"
        return sum(values)

    def values(self, name: str, label: str) -> set[str]:
        return {labels[label] for labels, _ in self._samples[name]}


async def scrape(foliot: Foliot, *services: str) -> Scrape:
    """All processes, or those of the services named."""

    async def one(name: str) -> str:
        async with foliot.http.get(f"http://127.0.0.1:{foliot.services[name].port}/metrics") as response:
            return await response.text()

    names = [name for name in foliot.services if not services or name.partition("-")[0] in services]
    return Scrape(*await asyncio.gather(*map(one, names)))
